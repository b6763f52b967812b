#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace campaigner::base {

// One line per event: time, level, event name, key=value pairs. To standard error. Thread-safe.
// No bodies, texts or secrets; recipients only through Redacted().

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// One key=value pair. The value is quoted and made printable where needed.
struct LogField {
  template <typename T>
  LogField(std::string_view name, const T& v) : key(name), value(fmt::format("{}", v)) {}
  std::string_view key;
  std::string value;
};

// Below this level nothing is written. Default: kInfo.
void SetLogLevel(LogLevel level);
bool IsLogged(LogLevel level);

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

inline void LogInfo(std::string_view event, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kInfo, event, fields);
}
inline void LogWarning(std::string_view event, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kWarning, event, fields);
}
inline void LogError(std::string_view event, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kError, event, fields);
}

// A phone number or address with only its ends legible: "792*****67".
std::string Redacted(std::string_view personal);

}  // namespace campaigner::base

#include "server/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "server/base/text.h"

namespace campaigner::base {
namespace {

constexpr size_t kValueBytesMax = 1024;

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarning: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::err;
}

// Leaked on purpose: threads may log while static objects are being destroyed.
spdlog::logger& Logger() {
  static spdlog::logger* const logger = [] {
    auto* made =
        new spdlog::logger("campaigner", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %L %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *logger;
}

std::string Quoted(std::string_view value) {
  std::string clean = Printable(value, kValueBytesMax);
  if (!clean.empty() && clean.find_first_of(" \"=\\") == std::string::npos) return clean;
  std::string quoted = "\"";
  for (const char c : clean) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

void SetLogLevel(LogLevel level) { Logger().set_level(ToSpdlog(level)); }

bool IsLogged(LogLevel level) { return Logger().should_log(ToSpdlog(level)); }

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!IsLogged(level)) return;
  std::string line(event);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    line += Quoted(field.value);
  }
  Logger().log(ToSpdlog(level), line);
}

std::string Redacted(std::string_view personal) {
  constexpr size_t kHead = 3;
  constexpr size_t kTail = 2;
  if (personal.size() <= kHead + kTail) return std::string(personal.size(), '*');
  std::string hidden(personal);
  for (size_t i = kHead; i < hidden.size() - kTail; ++i) hidden[i] = '*';
  return Printable(hidden, hidden.size());
}

}  // namespace campaigner::base

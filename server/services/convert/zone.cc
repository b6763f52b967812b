#include "server/services/convert/zone.h"

#include "absl/time/time.h"

namespace campaigner::services {
namespace {

// Abseil takes the name for a path: what could leave the database's folder is refused, and so are
// its own names that are not IANA's ("localtime", "Fixed/..").
bool IsZoneName(const std::string& name) {
  constexpr size_t kBytesMax = 64;
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-";
  return !name.empty() && name.size() <= kBytesMax && name[0] != '/' &&
         name.find_first_not_of(kAllowed) == std::string::npos && name != "localtime" &&
         !name.starts_with("Fixed/");
}

}  // namespace

void CheckTimeZone(std::string_view field, const std::string& name, Violations& violations) {
  absl::TimeZone zone;
  if (!IsZoneName(name) || !absl::LoadTimeZone(name, &zone)) {
    violations.Add(field, "is not a time zone, such as \"Europe/Moscow\"");
  }
}

}  // namespace campaigner::services

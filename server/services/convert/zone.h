#pragma once

#include <string>
#include <string_view>

#include "server/services/convert/violations.h"

namespace campaigner::services {

// A violation unless `name` is a time zone of the IANA database ("Europe/Moscow", "UTC").
void CheckTimeZone(std::string_view field, const std::string& name, Violations& violations);

}  // namespace campaigner::services

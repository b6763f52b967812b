#pragma once

#include <google/protobuf/map.h>

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"

// Values for a template, as callers give them.
namespace campaigner::services {

using ProtoFields = google::protobuf::Map<std::string, std::string>;

// "fields[name]" where a template can show the name, else "fields": a name is the caller's and may
// be anything.
std::string FieldPath(const std::string& name);

// Reports whatever is wrong: a path within the request, and a description that fits behind it.
void CheckFields(
    const ProtoFields& fields,
    absl::FunctionRef<void(std::string_view path, std::string_view description)> report);

}  // namespace campaigner::services

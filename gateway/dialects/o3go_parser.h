#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaigner/v1/message_service.pb.h"

namespace campaigner::gateway::dialects {

// Values for the template, by the caller's names, which are ours too.
inline constexpr const char* kO3goFields[] = {"field_1", "field_2", "field_3", "field_4",
                                              "field_5"};

struct O3goFieldError {
  // Absent: the array itself.
  std::optional<size_t> index;
  // Empty: the element itself.
  std::string field;
  std::string message;
  std::string type;
};

// A body read. Exactly one of the first three says what is wrong, if anything is.
struct O3goBody {
  std::string broken_json;  // Not JSON, and where.
  bool has_too_many = false;
  std::vector<O3goFieldError> errors;  // The first limits::kFieldErrorsMax.
  v1::SendMessagesRequest request;
};

// Reads a body in one pass, without a tree: memory is that of the messages in it. Integers are
// kept digit for digit, whatever their size. Pure.
O3goBody ParseO3goBody(std::string_view json);

}  // namespace campaigner::gateway::dialects

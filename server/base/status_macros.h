#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Abseil 20220623 has none of these. Both return the status from the enclosing function when it is
// an error.

// What is assigned to, declared or concatenated cannot stand in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)

#define RETURN_IF_ERROR(expr)                                        \
  do {                                                               \
    if (::absl::Status _status = (expr); !_status.ok()) [[unlikely]] \
      return _status;                                                \
  } while (false)

#define CAMPAIGNER_CONCAT_INNER(a, b) a##b
#define CAMPAIGNER_CONCAT(a, b) CAMPAIGNER_CONCAT_INNER(a, b)

// ASSIGN_OR_RETURN(auto x, MakeX());
#define ASSIGN_OR_RETURN(lhs, expr) \
  CAMPAIGNER_ASSIGN_OR_RETURN(CAMPAIGNER_CONCAT(_status_or_, __LINE__), lhs, expr)

#define CAMPAIGNER_ASSIGN_OR_RETURN(var, lhs, expr) \
  auto var = (expr);                                \
  if (!var.ok()) [[unlikely]]                       \
    return std::move(var).status();                 \
  lhs = *std::move(var)

// NOLINTEND(bugprone-macro-parentheses)

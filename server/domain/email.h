#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace campaigner::domain {

// An e-mail address as it is stored, compared and written to: "anna@xn--e1afmkfd.xn--p1ai" for
// " Anna@пример.рф ". The domain becomes ASCII (UTS #46), and everything lower case: RFC 5321 lets
// a server tell "Anna" from "anna", but none in use does, and a stop-list has to know both as one.
//
// What is taken is RFC 5321's Mailbox without its rarities: quoted local parts, address literals
// and domains of one label are refused, and so are other characters than ASCII before the "@".
// INVALID_ARGUMENT with a reason that fits behind a field's name ("has no domain behind the @").
absl::StatusOr<std::string> NormalizeEmail(std::string_view address);

}  // namespace campaigner::domain

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/base/error.h"

namespace campaigner::services {

// What is wrong with a text of at most `chars_max` characters and without a NUL, to stand behind a
// field's name; empty where nothing is. (That it is UTF-8, protobuf has checked.)
std::string TextProblem(std::string_view text, size_t chars_max);

// What is wrong with a request, collected so that the caller learns all of it at once.
class Violations {
 public:
  // `description` fits behind the field's name: "must be at least 1".
  void Add(std::string_view field, std::string_view description);
  // With a StatusIs-INVALID_ARGUMENT's message as the description.
  void Add(std::string_view field, const absl::Status& status);

  // Its TextProblem.
  void CheckText(std::string_view field, std::string_view text, size_t chars_max);
  // And not empty.
  void CheckRequired(std::string_view field, std::string_view text, size_t chars_max);
  void CheckRange(std::string_view field, int64_t value, int64_t min, int64_t max);
  // A positive id.
  void CheckId(std::string_view field, int64_t id);

  bool empty() const { return violations_.empty(); }
  // OK, or INVALID_ARGUMENT with all of them.
  absl::Status ToStatus() const;

 private:
  std::vector<base::FieldViolation> violations_;
};

}  // namespace campaigner::services

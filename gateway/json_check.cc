#include "gateway/json_check.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <unordered_set>
#include <vector>

#include "gateway/limits.h"
#include "server/base/error.h"

namespace campaigner::gateway {
namespace {

using Json = nlohmann::json;

// The library checks grammar and UTF-8; this adds what it lets pass.
class Checker final : public nlohmann::json_sax<Json> {
 public:
  const std::string& problem() const { return problem_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(int64_t) override { return true; }
  bool number_unsigned(uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string& value) override { return CheckText(value); }
  bool binary(Json::binary_t&) override { return false; }
  bool start_array(size_t) override { return Enter(); }
  bool end_array() override { return Leave(); }
  bool start_object(size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }

  bool key(std::string& name) override {
    if (!CheckText(name)) return false;
    if (names_.back().size() >= limits::kJsonMembersMax) {
      return Fail("has an object of more than 10,000 members");
    }
    return names_.back().insert(name).second || Fail("has two members of one name in an object");
  }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return Fail(fmt::format("is broken at byte {}", position));
  }

 private:
  bool Fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  bool CheckText(const std::string& text) {
    return text.find('\0') == std::string::npos || Fail("holds the character NUL");
  }
  bool Enter() {
    names_.emplace_back();
    return names_.size() <= limits::kJsonDepthMax || Fail("is nested too deeply");
  }
  bool Leave() {
    names_.pop_back();
    return true;
  }

  std::string problem_;
  // Member names met so far, for each open object; empty for an array.
  std::vector<std::unordered_set<std::string>> names_;
};

}  // namespace

absl::Status CheckStrictJson(std::string_view json) {
  Checker checker;
  if (Json::sax_parse(json.begin(), json.end(), &checker)) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kInvalidArgument,
                         fmt::format("the JSON {}", checker.problem()), {.reason = "INVALID_JSON"});
}

}  // namespace campaigner::gateway

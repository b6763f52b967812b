#include "gateway/dialects/o3go_parser.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "gateway/limits.h"
#include "server/base/limits.h"

namespace campaigner::gateway::dialects {
namespace {

using Json = nlohmann::json;
using v1::NewMessage;

enum class Kind { kNull, kBool, kInteger, kFloat, kString, kOther };

// One JSON value as text, with its kind. Integers within 64 bits carry their value.
struct Value {
  Kind kind = Kind::kOther;
  std::string text;
  std::optional<int64_t> integer;
};

struct Problem {
  std::string_view message;
  std::string_view type;
};

constexpr Problem kNotString{"str type expected", "type_error.str"};
constexpr Problem kNotInteger{"value is not a valid integer", "type_error.integer"};
constexpr Problem kIsNull{"none is not an allowed value", "type_error.none.not_allowed"};
constexpr Problem kMissing{"field required", "value_error.missing"};
constexpr Problem kHasNul{"must not contain the character NUL", "value_error.str.nul"};
constexpr Problem kNotDict{"value is not a valid dict", "type_error.dict"};
constexpr Problem kNotList{"value is not a valid list", "type_error.list"};
constexpr Problem kNoItems{"ensure this value has at least 1 items", "value_error.list.min_items"};
constexpr Problem kNotPositive{"ensure this value is greater than 0", "value_error.number.not_gt"};

// A string, or where the interface takes one, an integer as its digits. Absent values are empty.
std::optional<Problem> ReadText(Value&& value, bool takes_integer, std::string& text) {
  if (value.kind != Kind::kString && !(takes_integer && value.kind == Kind::kInteger)) {
    return kNotString;
  }
  if (value.text.find('\0') != std::string::npos) return kHasNul;
  text = std::move(value.text);
  return std::nullopt;
}

// How the fields of an element are read into a message; each takes the last value given.
using ReadField = std::optional<Problem> (*)(Value&& value, NewMessage& message);

std::optional<Problem> ReadId(Value&& value, NewMessage& message) {
  message.clear_external_id();
  message.set_external_id_is_number(value.kind == Kind::kInteger);
  if (value.kind == Kind::kNull) return std::nullopt;
  return ReadText(std::move(value), true, *message.mutable_external_id());
}

std::optional<Problem> ReadCampaignId(Value&& value, NewMessage& message) {
  if (value.kind == Kind::kNull) return kIsNull;
  if (!value.integer) return kNotInteger;
  if (*value.integer <= 0) return kNotPositive;
  message.set_campaign_id(*value.integer);
  return std::nullopt;
}

std::optional<Problem> ReadAddress(Value&& value, NewMessage& message) {
  if (value.kind == Kind::kNull) return kIsNull;
  return ReadText(std::move(value), true, *message.mutable_recipient());
}

std::optional<Problem> ReadMessageText(Value&& value, NewMessage& message) {
  message.clear_text();
  if (value.kind == Kind::kNull) return std::nullopt;
  return ReadText(std::move(value), false, *message.mutable_text());
}

template <size_t kIndex>
std::optional<Problem> ReadTemplateField(Value&& value, NewMessage& message) {
  message.mutable_fields()->erase(kO3goFields[kIndex]);
  if (value.kind == Kind::kNull) return std::nullopt;
  return ReadText(std::move(value), false, (*message.mutable_fields())[kO3goFields[kIndex]]);
}

struct Field {
  std::string_view name;
  bool is_required;
  ReadField read;
};

constexpr std::array<Field, 9> kFields{{
    {"id", false, ReadId},
    {"campaign_id", true, ReadCampaignId},
    {"dst_addr", true, ReadAddress},
    {"text", false, ReadMessageText},
    {kO3goFields[0], false, ReadTemplateField<0>},
    {kO3goFields[1], false, ReadTemplateField<1>},
    {kO3goFields[2], false, ReadTemplateField<2>},
    {kO3goFields[3], false, ReadTemplateField<3>},
    {kO3goFields[4], false, ReadTemplateField<4>},
}};

// Follows the parser's events. Depth 0 is outside of the array, 1 inside of it, 2 inside of an
// element; anything deeper is counted and dropped.
class Reader final : public nlohmann::json_sax<Json> {
 public:
  explicit Reader(O3goBody& body) : body_(body) {}

  bool null() override { return OnValue({.kind = Kind::kNull, .text = {}, .integer = {}}); }
  bool boolean(bool) override { return OnValue({.kind = Kind::kBool, .text = {}, .integer = {}}); }
  bool number_integer(int64_t value) override {
    return OnValue({.kind = Kind::kInteger, .text = std::to_string(value), .integer = value});
  }
  bool number_unsigned(uint64_t value) override {
    std::optional<int64_t> integer;
    if (value <= static_cast<uint64_t>(INT64_MAX)) integer = static_cast<int64_t>(value);
    return OnValue({.kind = Kind::kInteger, .text = std::to_string(value), .integer = integer});
  }
  // Also integers that do not fit into 64 bits; `digits` is as written.
  bool number_float(double, const std::string& digits) override {
    const bool is_integer = digits.find_first_of(".eE") == std::string::npos;
    return OnValue(
        {.kind = is_integer ? Kind::kInteger : Kind::kFloat, .text = digits, .integer = {}});
  }
  bool string(std::string& value) override {
    return OnValue({.kind = Kind::kString, .text = std::move(value), .integer = {}});
  }
  bool binary(Json::binary_t&) override { return false; }

  bool start_array(size_t) override {
    if (depth_ == 0) {
      depth_ = 1;
      return true;
    }
    return Enter();
  }
  bool end_array() override { return Leave(); }

  bool start_object(size_t) override {
    if (depth_ != 1 || skipped_ > 0) return Enter();
    if (static_cast<size_t>(body_.request.messages_size()) == base::limits::kMessagesPerSendMax) {
      body_.has_too_many = true;
      return false;
    }
    depth_ = 2;
    message_ = body_.request.add_messages();
    seen_.fill(false);
    return true;
  }
  bool key(std::string& name) override {
    if (skipped_ > 0) return true;
    field_ = kFields.size();
    for (size_t i = 0; i < kFields.size(); ++i) {
      if (kFields[i].name == name) field_ = i;
    }
    return true;
  }
  bool end_object() override { return Leave(); }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    body_.broken_json = fmt::format("the body is not valid JSON (byte {})", position);
    return false;
  }

  // After the last event.
  void Finish() {
    if (body_.request.messages_size() == 0 && body_.errors.empty()) {
      body_.errors.push_back(
          {std::nullopt, "", std::string(kNoItems.message), std::string(kNoItems.type)});
    }
  }

 private:
  // A value, or the beginning of a nested one.
  bool OnValue(Value&& value) {
    if (skipped_ > 0) return true;
    if (depth_ == 0) return Report(kNotList, "");
    if (depth_ == 1) {
      const bool goes_on = Report(kNotDict, "");
      ++bad_elements_;
      return goes_on;
    }
    if (field_ == kFields.size()) return true;
    seen_[field_] = true;
    const std::optional<Problem> problem = kFields[field_].read(std::move(value), *message_);
    return problem ? Report(*problem, kFields[field_].name) : true;
  }

  bool Enter() {
    if (!OnValue(Value())) return false;
    // A parser of its own for what is dropped would be no safer: this only counts.
    if (++skipped_ <= limits::kJsonDepthMax) return true;
    body_.broken_json = "the JSON is nested too deeply";
    return false;
  }

  bool Leave() {
    if (skipped_ > 0) {
      --skipped_;
      return true;
    }
    if (depth_ == 2) {
      for (size_t i = 0; i < kFields.size(); ++i) {
        if (kFields[i].is_required && !seen_[i] && !Report(kMissing, kFields[i].name)) return false;
      }
    }
    --depth_;
    return true;
  }

  // False once enough is known to be wrong.
  bool Report(const Problem& problem, std::string_view field) {
    std::optional<size_t> index;
    if (depth_ > 0) {
      index = static_cast<size_t>(body_.request.messages_size()) + bad_elements_;
      if (depth_ == 2) --*index;
    }
    body_.errors.push_back(
        {index, std::string(field), std::string(problem.message), std::string(problem.type)});
    return body_.errors.size() < limits::kFieldErrorsMax;
  }

  O3goBody& body_;
  NewMessage* message_ = nullptr;
  std::array<bool, kFields.size()> seen_{};
  size_t field_ = kFields.size();
  size_t depth_ = 0;
  size_t skipped_ = 0;
  size_t bad_elements_ = 0;
};

}  // namespace

O3goBody ParseO3goBody(std::string_view json) {
  O3goBody body;
  Reader reader(body);
  if (Json::sax_parse(json.begin(), json.end(), &reader)) reader.Finish();
  // What was read before the body turned out to be broken counts for nothing.
  if (!body.broken_json.empty() || body.has_too_many) body.errors.clear();
  return body;
}

}  // namespace campaigner::gateway::dialects

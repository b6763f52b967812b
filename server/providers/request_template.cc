#include "server/providers/request_template.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/status/status.h"
#include "server/base/text.h"

namespace campaigner::providers {
namespace {

constexpr std::string_view kSecretPrefix = "secret:";

bool IsNameCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-' || c == ':' || c == '.';
}

// The name inside "{name}" at the start of `text`; empty if there is no placeholder.
std::string_view PlaceholderName(std::string_view text) {
  size_t end = 1;
  while (end < text.size() && IsNameCharacter(text[end])) ++end;
  if (end >= text.size() || text[end] != '}') return {};
  return text.substr(1, end - 1);
}

}  // namespace

std::optional<RequestTemplate::Value> RequestTemplate::ValueOf(std::string_view name) {
  if (name == "recipient") return Value::kRecipient;
  if (name == "text") return Value::kText;
  if (name == "sender") return Value::kSender;
  if (name == "reference") return Value::kReference;
  if (name == "receipt_url") return Value::kReceiptUrl;
  if (name == "message_id") return Value::kMessageId;
  return std::nullopt;
}

std::string RequestTemplate::Get(Value value, const Submission& submission) {
  switch (value) {
    case Value::kNone: return "";
    case Value::kRecipient: return submission.recipient;
    case Value::kText: return submission.text;
    case Value::kSender: return submission.sender;
    case Value::kReference: return submission.reference;
    case Value::kReceiptUrl: return submission.receipt_url;
    case Value::kMessageId: return std::to_string(submission.message_id);
  }
  return "";
}

absl::StatusOr<RequestTemplate> RequestTemplate::Parse(
    std::string_view text, Escape escape, const std::map<std::string, std::string>& secrets) {
  RequestTemplate made;
  made.escape_ = escape;
  std::string literal;
  while (!text.empty()) {
    const std::string_view name = text[0] == '{' ? PlaceholderName(text) : std::string_view();
    if (name.empty()) {
      literal += text[0];
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(name.size() + 2);
    if (name.starts_with(kSecretPrefix)) {
      const auto secret = secrets.find(std::string(name.substr(kSecretPrefix.size())));
      if (secret == secrets.end()) {
        return absl::InvalidArgumentError(
            fmt::format("names the secret of {{{}}}, which is not in secrets", name));
      }
      literal += escape != nullptr ? escape(secret->second) : secret->second;
      continue;
    }
    const std::optional<Value> value = ValueOf(name);
    if (!value) {
      return absl::InvalidArgumentError(fmt::format("has an unknown placeholder {{{}}}", name));
    }
    made.parts_.push_back({std::move(literal), *value});
    literal.clear();
  }
  made.parts_.push_back({std::move(literal), Value::kNone});
  return made;
}

std::string RequestTemplate::Expand(const Submission& submission) const {
  std::string text;
  for (const Part& part : parts_) {
    text += part.literal;
    if (part.value == Value::kNone) continue;
    const std::string value = Get(part.value, submission);
    text += escape_ != nullptr ? escape_(value) : value;
  }
  return text;
}

}  // namespace campaigner::providers

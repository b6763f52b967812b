#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/providers/provider.h"

namespace campaigner::providers {

// A text of the configuration in which placeholders stand for a message's own values: {recipient}
// {text} {sender} {reference} {receipt_url} {message_id} and {secret:NAME}. A brace that starts no
// placeholder stands for itself. Immutable.
class RequestTemplate {
 public:
  using Escape = std::string (*)(std::string_view value);

  // `escape`: what makes a value safe for the place; null: nothing is done. INVALID_ARGUMENT with a
  // description that fits behind a field's name, for a placeholder or secret that does not exist.
  static absl::StatusOr<RequestTemplate> Parse(std::string_view text, Escape escape,
                                               const std::map<std::string, std::string>& secrets);

  std::string Expand(const Submission& submission) const;

 private:
  enum class Value : uint8_t {
    kNone,
    kRecipient,
    kText,
    kSender,
    kReference,
    kReceiptUrl,
    kMessageId,
  };
  struct Part {
    std::string literal;         // Secrets too, already escaped.
    Value value = Value::kNone;  // Behind the literal.
  };
  static std::optional<Value> ValueOf(std::string_view name);
  static std::string Get(Value value, const Submission& submission);

  Escape escape_ = nullptr;
  std::vector<Part> parts_;
};

}  // namespace campaigner::providers

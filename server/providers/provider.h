#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "server/domain/message.h"

namespace campaigner::providers {

// One message as a provider gets it.
struct Submission {
  int64_t message_id = 0;
  // How often the message was sent again by hand.
  int32_t round = 0;
  int32_t attempt_number = 0;
  std::string recipient;
  std::string sender;
  std::string text;
  // Ours, with MAC; the same for every attempt of a round.
  std::string reference;
  // Where its receipts go: the receipt address with the reference in it.
  std::string receipt_url;
  // How long the message is still worth delivering.
  absl::Duration validity;
};

struct SubmitOutcome {
  domain::AttemptOutcome outcome = domain::AttemptOutcome::kUnknown;
  // For kRejected: why.
  domain::StateReason rejection = domain::StateReason::kFailed;
  // The provider's id of the message, if it tells one.
  std::string provider_message_id;
  // The provider's code and words; printable, without secrets, at most
  // limits::kProviderDetailBytesMax.
  std::string detail;
  // For kThrottled: when to come back.
  std::optional<absl::Duration> retry_after;
};

struct Receipt {
  int64_t message_id = 0;
  // The submission's.
  int32_t round = 0;
  domain::MessageState state = domain::MessageState::kDelivered;
  domain::StateReason reason = domain::StateReason::kNone;
  std::string detail;
};

// Takes receipts that a provider makes in this process. Thread-safe; must not block for long.
using ReceiptSink = std::function<void(std::vector<Receipt>)>;

struct Capabilities {
  // Most messages in one Submit.
  int batch_max = 1;
  // Receipts will come. If not, accepted counts as delivered.
  bool sends_receipts = true;
  // A repeat with the same reference is not delivered twice.
  bool deduplicates = false;
  // A message whose outcome is unknown waits at least so long before it goes out again: if it did
  // reach somebody, its receipt comes first, and it is not doubled.
  absl::Duration unknown_wait = absl::ZeroDuration();
  // Messages at once where the route says nothing.
  int concurrency_default = 64;
};

// Carries messages out. Knows nothing of queue, database or retry. Thread-safe.
class Provider {
 public:
  // Outcomes in the order of the batch. Called exactly once, on any thread, perhaps before Submit
  // returns.
  using Done = absl::AnyInvocable<void(std::vector<SubmitOutcome>)>;

  virtual ~Provider() = default;
  virtual const Capabilities& capabilities() const = 0;
  // Never blocks. 1 to capabilities().batch_max submissions.
  virtual void Submit(std::vector<Submission> batch, Done done) = 0;
  // Ends what is under way (as kUnknown where bytes went out). May be called twice.
  virtual void Stop() {}
};

}  // namespace campaigner::providers

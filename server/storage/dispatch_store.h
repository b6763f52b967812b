#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/domain/message.h"
#include "server/domain/retry.h"
#include "server/storage/route_picker.h"

namespace campaigner::storage {

struct LaneClaim {
  int64_t campaign_id = 0;
  int64_t route_id = 0;
  int32_t limit = 0;
};

// A message in the hands of a worker. Its state on disk is SENDING.
struct ClaimedMessage {
  int64_t id = 0;
  int64_t campaign_id = 0;
  int64_t route_id = 0;
  int64_t claim_id = 0;
  // The number that the attempt under way has; 1 is the first.
  int32_t attempt_number = 0;
  // Attempts that do not count any more: made before it was last sent again by hand.
  int32_t attempt_base = 0;
  // How often it was sent again by hand.
  int32_t round = 0;
  std::string recipient;
  std::optional<std::string> text;
  int32_t template_version = 0;
  domain::Fields fields;
  // What the campaign's open clock showed when the message became eligible.
  absl::Duration eligible_open_time;
  absl::Time create_time;
};

struct Claimed {
  std::vector<ClaimedMessage> messages;
  // Lanes that had fewer ready messages than asked: nothing more is there until OnReady says so.
  std::vector<LaneClaim> drained;
};

// What came of an attempt, as one step: attempt, state, counters, outbox.
struct OutcomeRecord {
  int64_t message_id = 0;
  int64_t claim_id = 0;
  domain::Attempt attempt;
  // ACCEPTED (another attempt at next_attempt_time; without one, at once), SENT, or a final state.
  domain::AfterAttempt after;
  // With SENT: when the wait for a status ends.
  std::optional<absl::Time> status_deadline;
  // False for THROTTLED and for messages given back: the attempt does not count against the
  // campaign's Message Attempts.
  bool counts_as_attempt = true;
  // False for messages given back or expired in our own hands: no provider saw them, so no attempt
  // is kept on record.
  bool was_attempted = true;
  // Segments of the text that went out; 0: as they were counted when it was accepted.
  int32_t segments = 0;
  // The version of the template that went out, where the message had none (0) and so has it from
  // now on; 0: no change.
  int32_t template_version = 0;
  // With ACCEPTED and a time: the message waits for its recipient's quiet hours to end. It has used
  // so much of its Sending Timeout, and the wait does not count.
  std::optional<absl::Duration> waited = std::nullopt;
};

// What a provider said later.
// `provider_message_id` and `detail` are kept with the latest attempt of the round, where they are
// not empty; an id that the provider gave at once is kept rather than a receipt's. Of a message
// that was erased no words are kept.
struct ReceiptRecord {
  int64_t message_id = 0;
  // What it is about: how often the message had been sent again by hand. Where it has been sent
  // again since, only DELIVERED, READ and CLICKED change its state.
  int32_t round = 0;
  domain::MessageState state = domain::MessageState::kDelivered;
  domain::StateReason reason = domain::StateReason::kNone;
  std::string provider_message_id;
  std::string detail;
  absl::Time time;
};

struct ReceiptsApplied {
  int32_t applied = 0;
  int32_t ignored = 0;
};

// How far a maintenance step got.
struct StepResult {
  int32_t rows = 0;
  // More is due right now: call again.
  bool more = false;
};

// Messages of a campaign that wait for their time.
struct WaitingMessages {
  // When the first is due. Where very many wait, that of one that is early.
  absl::Time next_due;
  // They wait for the end of their recipients' quiet hours.
  bool is_quiet = false;
};

// The road from ACCEPTED to a final state. `limit`s are of the order of
// limits::kMaintenanceRowsMax.
//
// Claims carry an owner and a lease. A claim covers the messages taken by one ClaimMessages call.
// An outcome is applied only while the message is still SENDING under that claim; a late one leaves
// the attempt on record and the state alone.
class DispatchStore {
 public:
  virtual ~DispatchStore() = default;

  // Asynchronous: takes ready messages of each lane, oldest first, up to its limit; they become
  // SENDING under a new claim of `owner` until `lease_end`. Campaigns that are not RUNNING at that
  // moment give none.
  using ClaimDone = absl::AnyInvocable<void(absl::StatusOr<Claimed>)>;
  virtual void ClaimMessages(std::vector<LaneClaim> lanes, const std::string& owner,
                             absl::Time lease_end, absl::Time now, ClaimDone done) = 0;

  // Blocking. All claims of `owner` hold until `lease_end`.
  virtual absl::Status RenewLeases(const std::string& owner, absl::Time lease_end) = 0;

  // Asynchronous. Webhook deliveries that a final state owes are made in the same transaction.
  using Done = absl::AnyInvocable<void(absl::Status)>;
  virtual void RecordOutcomes(std::vector<OutcomeRecord> outcomes, absl::Time now, Done done) = 0;

  // Asynchronous. Unknown message ids and repeats are ignored and counted as such. A receipt may
  // find the message SENDING; the attempt's own outcome then only adds to the record.
  using ReceiptsDone = absl::AnyInvocable<void(absl::StatusOr<ReceiptsApplied>)>;
  virtual void ApplyReceipts(std::vector<ReceiptRecord> receipts, absl::Time now,
                             ReceiptsDone done) = 0;

  // Blocking. Lanes with ready messages in RUNNING campaigns, by campaign and route, after `after`
  // (exclusive).
  virtual absl::StatusOr<std::vector<LaneClaim>> ListReadyLanes(int64_t after_campaign_id,
                                                                int64_t after_route_id,
                                                                int32_t limit) = 0;

  // Blocking. Waiting messages (retries, scheduled) whose time has come become ready.
  virtual absl::StatusOr<StepResult> PromoteDue(absl::Time now, int32_t limit) = 0;
  // Those of one campaign, by a look at some of them; nullopt: none waits.
  virtual absl::StatusOr<std::optional<WaitingMessages>> PeekWaiting(int64_t campaign_id) = 0;
  // When the next waiting message is due.
  virtual absl::StatusOr<std::optional<absl::Time>> NextPromotion() = 0;

  // Blocking. Ready messages of a campaign that became eligible when its open clock showed
  // `eligible_before` or less become EXPIRED (SENDING_TIMEOUT).
  virtual absl::StatusOr<StepResult> ExpireReady(int64_t campaign_id,
                                                 absl::Duration eligible_before, absl::Time now,
                                                 int32_t limit) = 0;

  // Blocking. SENT and PARTIALLY_DELIVERED messages past their status deadline become EXPIRED
  // (STATUS_TIMEOUT).
  virtual absl::StatusOr<StepResult> ExpireStatuses(absl::Time now, int32_t limit) = 0;
  // The earliest status deadline.
  virtual absl::StatusOr<std::optional<absl::Time>> NextStatusDeadline() = 0;

  // Blocking. Messages of a campaign that are ACCEPTED become `state` with `reason` (CANCELLED, or
  // EXPIRED at the campaign's finish).
  virtual absl::StatusOr<StepResult> EndWaiting(int64_t campaign_id, domain::MessageState state,
                                                domain::StateReason reason, absl::Time now,
                                                int32_t limit) = 0;

  // Blocking. A RUNNING campaign with finish_when_sent that has messages, none of which is ACCEPTED
  // or SENDING, and no import or retry that runs, becomes SENT. True if it did.
  virtual absl::StatusOr<bool> FinishIfSent(int64_t campaign_id, absl::Time now) = 0;
  // Blocking. A SENT campaign without open messages becomes DONE. True if it did.
  virtual absl::StatusOr<bool> FinishIfDone(int64_t campaign_id, absl::Time now) = 0;

  // Messages whose claim has lapsed, with what is needed to decide about them; still SENDING. By
  // ascending id.
  virtual absl::StatusOr<std::vector<ClaimedMessage>> ListLapsedClaims(absl::Time now,
                                                                       int32_t limit) = 0;
  // Blocking. At start: the claims of every other owner lapse at once. Only for a store that admits
  // one server.
  virtual absl::Status LapseOtherClaims(const std::string& owner, absl::Time now) = 0;

  // Blocking. Ready and waiting messages that are on no route of their campaign's channel move to
  // the one that `pick` names, at its price; where it names none they are REJECTED (NO_ROUTE).
  // `routes`: those that there are. Where no message is astray, nothing is written.
  struct KnownRoute {
    int64_t id = 0;
    std::string channel;
  };
  virtual absl::StatusOr<StepResult> RerouteStray(const std::vector<KnownRoute>& routes,
                                                  const RoutePicker& pick, absl::Time now,
                                                  int32_t limit) = 0;

  // Blocking. Deletes final messages that became final before `before`, with attempts and webhook
  // deliveries that are not pending; messages of deleted campaigns; operations that ended before
  // `before`, with their rejected rows; idempotency records past their window. Goes round through
  // the ids; `more` says that this round has not ended.
  virtual absl::StatusOr<StepResult> Prune(absl::Time before, absl::Time now, int32_t limit) = 0;
};

}  // namespace campaigner::storage

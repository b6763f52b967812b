#include <algorithm>
#include <utility>

#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/moves.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/stop_list.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

using domain::MessageState;

// A try that did not count is replaced by the next one under the same number, so that a route which
// throttles for hours does not fill the disk.
void PutAttempt(Connection& db, const MessageRow& message, const domain::Attempt& attempt) {
  const std::string no_words;
  Query(db, sql::kPutAttempt, message.id, attempt.number, attempt.route_id, attempt.outcome,
        message.is_erased ? no_words : attempt.provider_message_id,
        message.is_erased ? no_words : attempt.detail, ToColumn(attempt.start_time),
        ToColumn(attempt.end_time))
      .Run();
}

std::optional<int64_t> DueAfter(const OutcomeRecord& outcome) {
  switch (outcome.after.state) {
    case MessageState::kAccepted: return ToColumn(outcome.after.next_attempt_time);
    case MessageState::kSent:
    case MessageState::kPartiallyDelivered: return ToColumn(outcome.status_deadline);
    default: return std::nullopt;
  }
}

bool IsUnknown(const OutcomeRecord& outcome) {
  return outcome.was_attempted && outcome.attempt.outcome == domain::AttemptOutcome::kUnknown;
}

// Who opted out gets nothing more from the account, whatever the campaign.
void StopRecipient(Transaction& transaction, const MessageRow& message, absl::Time now) {
  if (message.is_erased) return;
  const CampaignRowPtr campaign = transaction.FindCampaign(message.campaign_id);
  if (campaign == nullptr) return;
  std::string recipient;
  {
    Query query(transaction.db(), sql::kReadRecipient, message.id);
    if (!query.Step()) return;
    recipient = query.String(0);
  }
  InsertStopListEntry(transaction, {.account_id = campaign->campaign.account_id,
                                    .address = std::move(recipient),
                                    .note = "opted out, says the provider",
                                    .create_time = now});
}

void RecordOutcome(Transaction& transaction, const OutcomeRecord& outcome, absl::Time now) {
  const std::optional<MessageRow> before = FindMessage(transaction.db(), outcome.message_id);
  if (!before.has_value()) return;
  const domain::Attempt& attempt = outcome.attempt;
  if (outcome.was_attempted) PutAttempt(transaction.db(), *before, attempt);
  if (outcome.was_attempted && attempt.outcome == domain::AttemptOutcome::kOptedOut) {
    StopRecipient(transaction, *before, now);
  }
  MessageRow after = *before;
  if (outcome.was_attempted && outcome.counts_as_attempt) {
    after.attempt_count = std::max(before->attempt_count, attempt.number);
  }
  if (outcome.was_attempted && attempt.outcome == domain::AttemptOutcome::kAccepted) {
    after.send_time = ToColumn(attempt.end_time);
  }
  const bool is_held =
      before->state == MessageState::kSending && before->claim_id == outcome.claim_id;
  if (is_held) {
    after.state = outcome.after.state;
    after.reason = outcome.after.reason;
    after.due = DueAfter(outcome);
  }
  if (outcome.segments > 0) after.segments = outcome.segments;
  if (outcome.template_version > 0) {
    Query(transaction.db(), sql::kSetTemplateVersion, outcome.message_id, outcome.template_version)
        .Run();
  }
  MoveMessage(transaction, *before, after, now);
  if (is_held && outcome.waited.has_value()) {
    // One more than it is, so that nothing at all is below zero too.
    Query(transaction.db(), sql::kSetWaited, outcome.message_id, -ToColumn(*outcome.waited) - 1)
        .Run();
  }
}

// The attempt that a receipt is about: the last of its round that set out, as the reference is the
// same for all of a round. 0: not known any more.
int32_t AttemptOf(const MessageRow& message, int32_t round) {
  if (round == message.round) {
    const int under_way = message.state == MessageState::kSending ? 1 : 0;
    return std::max(message.attempt_count + under_way, 1);
  }
  return round + 1 == message.round ? message.attempt_base : 0;
}

// Where a receipt says more than its state, that stays with its attempt.
void KeepWords(Connection& db, const MessageRow& message, const ReceiptRecord& receipt) {
  if (receipt.provider_message_id.empty() && receipt.detail.empty()) return;
  const int32_t attempt = AttemptOf(message, receipt.round);
  if (message.is_erased || attempt == 0) return;
  Query(db, sql::kKeepReceipt, message.id, attempt, message.route_id, receipt.provider_message_id,
        receipt.detail, ToColumn(receipt.time))
      .Run();
}

// Of what was sent before it was sent again, only that it came: nothing else is said of what is
// under way now.
bool IsChange(const MessageRow& message, const ReceiptRecord& receipt) {
  return (receipt.round == message.round || domain::IsDelivered(receipt.state)) &&
         domain::CanBecome(message.state, receipt.state);
}

// False: it does not change the state.
bool ApplyReceipt(Transaction& transaction, const ReceiptRecord& receipt, absl::Time now) {
  const std::optional<MessageRow> before = FindMessage(transaction.db(), receipt.message_id);
  if (!before.has_value() || receipt.state <= MessageState::kSending) return false;
  const bool is_change = IsChange(*before, receipt);
  // What comes again, or too late, does not speak against what is known.
  if (is_change || !domain::IsFinal(before->state)) KeepWords(transaction.db(), *before, receipt);
  if (!is_change) return false;
  MessageRow after = *before;
  after.state = receipt.state;
  after.reason = receipt.reason;
  // Sooner than the provider's own answer: the wait for a final status begins here.
  if (before->state <= MessageState::kSending && !domain::IsFinal(receipt.state)) {
    const CampaignRowPtr campaign = transaction.FindCampaign(before->campaign_id);
    after.due.reset();
    if (campaign != nullptr) after.due = ToColumn(now + campaign->campaign.status_timeout);
  }
  MoveMessage(transaction, *before, after, now);
  return true;
}

}  // namespace

void SqliteStore::RecordOutcomes(std::vector<OutcomeRecord> outcomes, absl::Time now,
                                 DispatchStore::Done done) {
  const WriteSize size{outcomes.size(), outcomes.size() * (sizeof(OutcomeRecord) + 64)};
  auto run = [outcomes = std::move(outcomes), now](Transaction& transaction) -> absl::Status {
    int64_t unknown = 0;
    for (const OutcomeRecord& outcome : outcomes) {
      RecordOutcome(transaction, outcome, now);
      if (IsUnknown(outcome)) ++unknown;
    }
    if (unknown > 0) Query(transaction.db(), sql::kAddUnknownOutcomes, unknown).Run();
    return absl::OkStatus();
  };
  writer_.Submit<decltype(run), absl::Status>(size, Admission::kAlways, std::move(run),
                                              std::move(done));
}

void SqliteStore::ApplyReceipts(std::vector<ReceiptRecord> receipts, absl::Time now,
                                ReceiptsDone done) {
  const WriteSize size{receipts.size(), receipts.size() * (sizeof(ReceiptRecord) + 64)};
  auto run = [receipts = std::move(receipts),
              now](Transaction& transaction) -> absl::StatusOr<ReceiptsApplied> {
    ReceiptsApplied result;
    for (const ReceiptRecord& receipt : receipts) {
      ++(ApplyReceipt(transaction, receipt, now) ? result.applied : result.ignored);
    }
    return result;
  };
  writer_.Submit<decltype(run), absl::StatusOr<ReceiptsApplied>>(size, Admission::kAlways,
                                                                 std::move(run), std::move(done));
}

}  // namespace campaigner::storage::sqlite

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "server/domain/message.h"
#include "server/storage/operation_store.h"

namespace campaigner::storage {

// Messages of one send: stored all or none.
struct AcceptBatch {
  int64_t account_id = 0;
  std::vector<domain::NewMessage> messages;
  // Empty, or the caller's request id and a hash of what was asked.
  std::string request_id;
  std::string request_hash;
  absl::Time now;
};

struct Accepted {
  // The messages have the ids first_message_id, first_message_id + 1, ... in the order of the
  // batch.
  int64_t first_message_id = 0;
  int32_t count = 0;
  // The request id was known: nothing was stored now, and these are the first's messages.
  bool is_repeat = false;
};

struct MessageFilter {
  int64_t account_id = 0;
  // 0, only with a recipient: all campaigns of the account.
  int64_t campaign_id = 0;
  std::vector<domain::MessageState> states = {};  // Empty: all.
  std::vector<domain::StateReason> reasons = {};  // Empty: any.
  std::string external_id = "";                   // Empty: any.
  std::string recipient = "";                     // Empty: any.
  bool with_details = false;                      // Text, fields, attempts.
};

struct MessagePage {
  // By descending id.
  std::vector<domain::Message> messages;
  // Where the next page goes on; 0 at the end. A page may end early after a bounded number of rows
  // was looked at.
  int64_t next_after_id = 0;
};

// Which messages are sent again. Those that were erased or replaced never are.
struct RetryFilter {
  std::vector<domain::MessageState> states;  // Final ones only count.
  std::vector<domain::StateReason> reasons;  // Empty: any.
};

// One that fits, and what is needed to pick its route again.
struct FailedMessage {
  int64_t id = 0;
  std::string recipient;
  int32_t segments = 0;
};

struct FailedMessages {
  // By ascending id.
  std::vector<FailedMessage> messages;
  // Where to go on; 0: nothing is left.
  int64_t next_after_id = 0;
};

// How it goes out this time.
struct MessageAgain {
  int64_t id = 0;
  int64_t route_id = 0;
  int64_t cost_micros = 0;
};

struct EraseStep {
  int32_t erased = 0;
  // Messages that stay for now, because they are being sent.
  int32_t sending = 0;
  // More is to be erased right now: call again.
  bool more = false;
};

struct ExportFilter {
  int64_t campaign_id = 0;
  std::vector<domain::MessageState> states = {};  // Empty: all.
  bool with_text = false;
};

class MessageStore {
 public:
  virtual ~MessageStore() = default;

  // Asynchronous. On disk and counted when `done` is called with OK.
  // NOT_FOUND: a campaign is unknown or another account's. FAILED_PRECONDITION: a campaign does not
  // accept messages. INVALID_ARGUMENT: the request id was used with another hash.
  using AcceptDone = absl::AnyInvocable<void(absl::StatusOr<Accepted>)>;
  virtual void AcceptMessages(AcceptBatch batch, AcceptDone done) = 0;

  // Blocking. NOT_FOUND also for another account's (account_id 0 skips that check).
  virtual absl::StatusOr<domain::Message> GetMessage(int64_t account_id, int64_t message_id,
                                                     bool with_details) = 0;

  // Blocking. Consecutive messages from `first_id`, for the repeat of a send; in order, with text.
  virtual absl::StatusOr<std::vector<domain::Message>> GetMessages(int64_t account_id,
                                                                   int64_t first_id,
                                                                   int32_t count) = 0;

  // Blocking. By recipient it takes about a millisecond among ten million messages.
  virtual absl::StatusOr<MessagePage> ListMessages(const MessageFilter& filter, int64_t after_id,
                                                   int32_t page_size) = 0;

  // Blocking. ACCEPTED to CANCELLED. FAILED_PRECONDITION in any other state but CANCELLED;
  // NOT_FOUND also for another account's.
  virtual absl::StatusOr<domain::Message> CancelMessage(int64_t account_id, int64_t message_id,
                                                        absl::Time now) = 0;

  // Blocking. A campaign's final messages that fit, at most `limit`, from `after_id` (exclusive)
  // upwards. May end early after a bounded number of rows was looked at.
  virtual absl::StatusOr<FailedMessages> FindFailed(int64_t campaign_id, const RetryFilter& filter,
                                                    int64_t after_id, int32_t limit) = 0;
  // Blocking. A step of an operation of kind kRetry: `messages` of its campaign that still fit
  // become ACCEPTED again, and begin a round. Attempts made until now do not count any more; their
  // numbers go on. The campaign runs again where it ended because all was sent; where it ended
  // otherwise: FAILED_PRECONDITION. How many; the others are taken from the step's units. Besides,
  // AdvanceOperation's errors.
  virtual absl::StatusOr<int32_t> SendAgain(const OperationStep& step, const RetryFilter& filter,
                                            const std::vector<MessageAgain>& messages,
                                            absl::Time now) = 0;

  // Blocking. Takes an address out of everything that belongs to the account: messages keep their
  // id, state, times and figures, and nothing else; what waits is CANCELLED (ERASED); webhook
  // deliveries of these messages go. Nothing of it stays in the file, once EmptyLog has answered
  // true. At most `limit` messages in a step; a step that is repeated finds nothing to do.
  virtual absl::StatusOr<EraseStep> EraseRecipient(int64_t account_id, const std::string& recipient,
                                                   absl::Time now, int32_t limit) = 0;
  // Blocking. Whether nothing but the present content is on disk now. False while a reader still
  // needs what was: try again soon.
  virtual absl::StatusOr<bool> EmptyLog() = 0;

  // Blocking. A campaign's messages upwards from `after_id` (exclusive), with fields, and with
  // their last attempt alone. Pages as ListMessages does.
  virtual absl::StatusOr<MessagePage> ExportMessages(const ExportFilter& filter, int64_t after_id,
                                                     int32_t limit) = 0;
};

}  // namespace campaigner::storage

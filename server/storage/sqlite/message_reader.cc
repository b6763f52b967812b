#include "server/storage/sqlite/message_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "server/base/limits.h"
#include "server/domain/errors/resources.h"
#include "server/domain/template.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/sql.h"

namespace campaigner::storage::sqlite {
namespace {

namespace errors = domain::errors;
using domain::Attempt;
using domain::Message;
using domain::MessageState;

// Rows that one page looks at: about ten milliseconds. A filter that fits few rows then takes
// several pages instead of one that blocks a reader.
constexpr int kRowsPerPageMax = 20'000;

std::vector<Attempt> ReadAttempts(Connection& connection, int64_t message_id) {
  std::vector<Attempt> attempts;
  Query query(connection, sql::kGetAttempts, message_id);
  while (query.Step()) {
    attempts.push_back({.number = query.Int32(0),
                        .route_id = query.Int(1),
                        .outcome = static_cast<domain::AttemptOutcome>(query.Int(2)),
                        .provider_message_id = query.String(3),
                        .detail = query.String(4),
                        .start_time = TimeFrom(query.Int(5)),
                        .end_time = TimeFrom(query.Int(6)),
                        .receipt_detail = query.String(7)});
  }
  return attempts;
}

Message Finish(Connection& connection, Caches& caches, StoredMessage stored, bool with_details) {
  if (!with_details) {
    stored.message.fields.clear();
    return std::move(stored.message);
  }
  RenderText(connection, caches, stored);
  stored.message.attempts = ReadAttempts(connection, stored.message.id);
  return std::move(stored.message);
}

// One page in the making.
class PageReader {
 public:
  PageReader(Connection& connection, const MessageFilter& filter, int32_t page_size)
      : connection_(connection),
        filter_(filter),
        state_mask_(StateMask(filter.states)),
        page_size_(static_cast<size_t>(page_size)) {}

  // Reads downwards from `last_id`. Where it goes on; 0 at the end.
  int64_t Read(int64_t last_id) {
    while (true) {
      int64_t first_id = 0;
      {
        Query extent(connection_, sql::kExtentBefore, filter_.campaign_id, last_id);
        if (!extent.Step()) return 0;
        first_id = extent.Int(0);
        last_id = std::min(last_id, extent.Int(1));
      }
      if (const int64_t stopped_at = ReadExtent(first_id, last_id); stopped_at != 0) {
        return stopped_at;
      }
      last_id = first_id - 1;
    }
  }

  std::vector<StoredMessage>& found() { return found_; }

 private:
  // The id at which the page is full, to go on below it; 0: not full.
  int64_t ReadExtent(int64_t first_id, int64_t last_id) {
    Query query(connection_, sql::kReadMessagesDown, first_id, last_id);
    while (query.Step()) {
      if (Fits(query)) found_.push_back(ReadStored(query));
      if (found_.size() >= page_size_ || ++looked_at_ >= kRowsPerPageMax) return query.Int(0);
    }
    return 0;
  }

  bool Fits(const Query& query) const {
    if (query.Int(1) != filter_.campaign_id) return false;
    if (((state_mask_ >> query.Int(3)) & 1) == 0) return false;
    if (!filter_.recipient.empty() && query.Text(10) != filter_.recipient) return false;
    return filter_.external_id.empty() || query.Text(11) == filter_.external_id;
  }

  Connection& connection_;
  const MessageFilter& filter_;
  const int64_t state_mask_;
  const size_t page_size_;
  std::vector<StoredMessage> found_;
  int looked_at_ = 0;
};

}  // namespace

StoredMessage ReadStored(const Query& query) {
  StoredMessage stored;
  Message& message = stored.message;
  message.id = query.Int(0);
  message.campaign_id = query.Int(1);
  message.route_id = query.Int(2);
  message.state = static_cast<MessageState>(query.Int(3));
  message.reason = static_cast<domain::StateReason>(query.Int(4));
  message.attempt_count = query.Int32(5);
  message.segments = query.Int32(6);
  message.create_time = TimeFrom(query.Int(7));
  message.send_time = TimeFrom(query.OptionalInt(8));
  message.final_time = TimeFrom(query.OptionalInt(9));
  message.recipient = query.String(10);
  message.external_id = query.String(11);
  message.external_id_is_number = query.Int(12) != 0;
  message.schedule_time = TimeFrom(query.OptionalInt(13));
  if (!query.IsNull(14)) stored.own_text = query.String(14);
  stored.template_version = query.Int32(15);
  message.fields = FieldsFromJson(query.Text(16));
  return stored;
}

void RenderText(Connection& connection, Caches& caches, StoredMessage& stored) {
  if (stored.own_text.has_value()) {
    stored.message.text = *std::move(stored.own_text);
    return;
  }
  const auto text =
      FindTemplate(connection, caches, stored.message.campaign_id, stored.template_version);
  if (text != nullptr) stored.message.text = domain::Render(*text, stored.message.fields);
}

absl::StatusOr<Message> ReadMessage(Connection& connection, Caches& caches, int64_t account_id,
                                    int64_t message_id, bool with_details) {
  std::optional<StoredMessage> stored;
  {
    Query query(connection, sql::kReadMessages, message_id, message_id);
    if (query.Step()) stored = ReadStored(query);
  }
  if (!stored.has_value()) return errors::MessageNotFound(message_id);
  const CampaignRowPtr campaign = FindCampaignRow(connection, caches, stored->message.campaign_id);
  if (campaign == nullptr || (account_id != 0 && campaign->campaign.account_id != account_id)) {
    return errors::MessageNotFound(message_id);
  }
  stored->message.account_id = campaign->campaign.account_id;
  return Finish(connection, caches, *std::move(stored), with_details);
}

absl::StatusOr<MessagePage> ReadMessagePage(Connection& connection, Caches& caches,
                                            const MessageFilter& filter, int64_t after_id,
                                            int32_t page_size) {
  const CampaignRowPtr campaign = FindCampaignRow(connection, caches, filter.campaign_id);
  if (campaign == nullptr ||
      (filter.account_id != 0 && campaign->campaign.account_id != filter.account_id)) {
    return errors::CampaignNotFound(filter.campaign_id);
  }
  PageReader reader(connection, filter, page_size);
  MessagePage page;
  page.next_after_id = reader.Read(after_id == 0 ? INT64_MAX : after_id - 1);
  for (StoredMessage& stored : reader.found()) {
    stored.message.account_id = campaign->campaign.account_id;
    page.messages.push_back(Finish(connection, caches, std::move(stored), filter.with_details));
  }
  return page;
}

}  // namespace campaigner::storage::sqlite

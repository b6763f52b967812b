#include "server/storage/sqlite/message_reader.h"

#include <utility>
#include <vector>

#include "server/domain/errors/resources.h"
#include "server/domain/template.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/message_pages.h"
#include "server/storage/sqlite/sql.h"

namespace campaigner::storage::sqlite {
namespace {

namespace errors = domain::errors;
using domain::Attempt;
using domain::Message;
using domain::MessageState;

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

// A list over all campaigns shows those of one account.
class AccountsCampaigns final : public CampaignVisibility {
 public:
  AccountsCampaigns(Connection& connection, Caches& caches, int64_t account_id)
      : connection_(connection), caches_(caches), account_id_(account_id) {}
  bool IsVisible(int64_t campaign_id) override {
    const CampaignRowPtr row = FindCampaignRow(connection_, caches_, campaign_id);
    return row != nullptr && row->campaign.account_id == account_id_;
  }

 private:
  Connection& connection_;
  Caches& caches_;
  const int64_t account_id_;
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
  const bool is_free =
      domain::IsFree(message.state, message.attempt_count, message.send_time.has_value());
  message.cost_micros = is_free ? 0 : query.Int(17);
  return stored;
}

void RenderText(Connection& connection, Caches& caches, StoredMessage& stored) {
  if (stored.own_text.has_value()) {
    stored.message.text = *std::move(stored.own_text);
    return;
  }
  Message& message = stored.message;
  const CampaignRowPtr row = FindCampaignRow(connection, caches, message.campaign_id);
  if (row == nullptr) return;
  const domain::Campaign& campaign = row->campaign;
  if (stored.template_version == 0) {
    message.text = domain::Render(campaign.template_text, message.fields, campaign.missing_values);
    return;
  }
  const auto text = FindTemplate(connection, caches, message.campaign_id, stored.template_version);
  if (text != nullptr) {
    message.text = domain::Render(*text, message.fields, campaign.missing_values);
  }
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
  int64_t account_id = filter.account_id;
  if (filter.campaign_id != 0) {
    const CampaignRowPtr campaign = FindCampaignRow(connection, caches, filter.campaign_id);
    if (campaign == nullptr || (account_id != 0 && campaign->campaign.account_id != account_id)) {
      return errors::CampaignNotFound(filter.campaign_id);
    }
    account_id = campaign->campaign.account_id;
  }
  const int64_t last_id = after_id == 0 ? INT64_MAX : after_id - 1;
  AccountsCampaigns visible(connection, caches, account_id);
  FoundPage found = filter.recipient.empty()
                        ? FindInCampaign(connection, filter, last_id, page_size)
                        : FindByRecipient(connection, caches.recent_addresses, filter, visible,
                                          last_id, page_size);
  MessagePage page{.messages = {}, .next_after_id = found.next_after_id};
  for (StoredMessage& stored : found.messages) {
    stored.message.account_id = account_id;
    page.messages.push_back(Finish(connection, caches, std::move(stored), filter.with_details));
  }
  return page;
}

}  // namespace campaigner::storage::sqlite

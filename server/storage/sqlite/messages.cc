#include <algorithm>
#include <utility>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/domain/errors/resources.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/message_reader.h"
#include "server/storage/sqlite/moves.h"
#include "server/storage/sqlite/requests.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

namespace errors = domain::errors;
using domain::Message;
using domain::MessageState;
using domain::NewMessage;

// Memory of a batch while it waits, about.
WriteSize SizeOf(const AcceptBatch& batch) {
  size_t bytes = sizeof(AcceptBatch);
  for (const NewMessage& message : batch.messages) {
    bytes += sizeof(NewMessage) + message.recipient.size() + message.external_id.size();
    if (message.text.has_value()) bytes += message.text->size();
    for (const auto& [name, value] : message.fields) bytes += 96 + name.size() + value.size();
  }
  return {std::max<size_t>(batch.messages.size(), 1), bytes};
}

absl::StatusOr<CampaignRowPtr> FindOpenCampaign(Transaction& transaction, int64_t account_id,
                                                int64_t campaign_id) {
  CampaignRowPtr row = transaction.FindCampaign(campaign_id);
  if (row == nullptr || row->campaign.account_id != account_id) {
    return errors::CampaignNotFound(campaign_id);
  }
  if (!domain::AcceptsMessages(row->campaign.state)) {
    return errors::CampaignClosed(campaign_id, row->campaign.state);
  }
  return row;
}

void InsertMessage(Transaction& transaction, int64_t id, const NewMessage& message,
                   const CampaignRow& campaign, absl::Time now) {
  const bool is_ready = !message.schedule_time.has_value() || *message.schedule_time <= now;
  std::optional<int64_t> due;
  std::optional<int64_t> eligible_open;
  if (is_ready) {
    eligible_open = ToColumn(campaign.OpenTime(now));
    transaction.AddReadyLane(message.campaign_id, message.route_id);
  } else {
    due = ToColumn(*message.schedule_time);
  }
  Query(transaction.db(), sql::kInsertMessage, id, message.campaign_id, message.route_id, due,
        eligible_open, message.segments, ToColumn(now), message.cost_micros)
      .Run();
  const std::optional<std::string> fields = FieldsToJson(message.fields);
  Query(transaction.db(), sql::kInsertBody, id, message.recipient, message.external_id,
        message.external_id_is_number, message.text, message.template_version, fields,
        ToColumn(message.schedule_time))
      .Run();
}

absl::StatusOr<Accepted> Accept(Transaction& transaction, const AcceptBatch& batch) {
  const RequestKey key{batch.account_id, RequestKind::kMessages, batch.request_id};
  if (auto answer = FindRequest(transaction.db(), key, batch.now)) {
    if (answer->request_hash != batch.request_hash) {
      return errors::RequestIdReused(batch.request_id);
    }
    return Accepted{answer->first_id, static_cast<int32_t>(answer->count), true};
  }
  const auto count = static_cast<int64_t>(batch.messages.size());
  const int64_t first_id = transaction.NextIds(Sequence::kMessage, count);
  int64_t id = first_id;
  CampaignRowPtr campaign;
  // Of the messages in a row that go to one campaign.
  Amount amount;
  const auto count_arrivals = [&] {
    if (amount.messages == 0) return;
    transaction.CountArrival(campaign->campaign.id, MessageState::kAccepted,
                             std::exchange(amount, Amount{}), batch.now);
  };
  for (const NewMessage& message : batch.messages) {
    if (campaign == nullptr || campaign->campaign.id != message.campaign_id) {
      count_arrivals();
      ASSIGN_OR_RETURN(campaign,
                       FindOpenCampaign(transaction, batch.account_id, message.campaign_id));
    }
    InsertMessage(transaction, id, message, *campaign, batch.now);
    amount += {1, message.segments, message.cost_micros};
    transaction.AddToExtent(message.campaign_id, id);
    transaction.effects().addresses.push_back({HashAddress(message.recipient), id});
    ++id;
  }
  count_arrivals();
  PutRequest(transaction.db(), key, {batch.request_hash, first_id, count}, batch.now);
  return Accepted{first_id, static_cast<int32_t>(count), false};
}

}  // namespace

void SqliteStore::AcceptMessages(AcceptBatch batch, AcceptDone done) {
  const WriteSize size = SizeOf(batch);
  auto run = [batch = std::move(batch)](Transaction& transaction) {
    return Accept(transaction, batch);
  };
  writer_.Submit<decltype(run), absl::StatusOr<Accepted>>(size, Admission::kNewWork, std::move(run),
                                                          std::move(done));
}

absl::StatusOr<Message> SqliteStore::GetMessage(int64_t account_id, int64_t message_id,
                                                bool with_details) {
  return readers_.Read([&](Connection& db) {
    return ReadMessage(db, caches_, account_id, message_id, with_details);
  });
}

absl::StatusOr<std::vector<Message>> SqliteStore::GetMessages(int64_t account_id, int64_t first_id,
                                                              int32_t count) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<Message>> {
    std::vector<StoredMessage> stored;
    {
      Query query(db, sql::kReadMessages, first_id, first_id + count - 1);
      while (query.Step()) stored.push_back(ReadStored(query));
    }
    std::vector<Message> messages;
    for (StoredMessage& one : stored) {
      const CampaignRowPtr campaign = FindCampaignRow(db, caches_, one.message.campaign_id);
      if (campaign == nullptr || campaign->campaign.account_id != account_id) continue;
      one.message.account_id = account_id;
      RenderText(db, caches_, one);
      messages.push_back(std::move(one.message));
    }
    return messages;
  });
}

absl::StatusOr<MessagePage> SqliteStore::ListMessages(const MessageFilter& filter, int64_t after_id,
                                                      int32_t page_size) {
  return readers_.Read(
      [&](Connection& db) { return ReadMessagePage(db, caches_, filter, after_id, page_size); });
}

absl::StatusOr<Message> SqliteStore::CancelMessage(int64_t account_id, int64_t message_id,
                                                   absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<Message> {
    const std::optional<MessageRow> before = FindMessage(transaction.db(), message_id);
    if (!before.has_value()) return errors::MessageNotFound(message_id);
    const CampaignRowPtr campaign = transaction.FindCampaign(before->campaign_id);
    if (campaign == nullptr || (account_id != 0 && campaign->campaign.account_id != account_id)) {
      return errors::MessageNotFound(message_id);
    }
    if (before->state == MessageState::kAccepted) {
      MessageRow after = *before;
      after.state = MessageState::kCancelled;
      after.reason = domain::StateReason::kCancelledByCaller;
      MoveMessage(transaction, *before, after, now);
    } else if (before->state != MessageState::kCancelled) {
      return errors::MessageNotCancellable(message_id, before->state);
    }
    Query query(transaction.db(), sql::kReadMessages, message_id, message_id);
    query.Step();
    Message message = ReadStored(query).message;
    message.account_id = campaign->campaign.account_id;
    return message;
  });
}

}  // namespace campaigner::storage::sqlite

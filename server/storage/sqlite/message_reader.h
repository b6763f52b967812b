#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/storage/sqlite/campaign_rows.h"
#include "server/storage/store.h"

// Messages read back. Throws SQLite::Exception.
namespace campaigner::storage::sqlite {

// A message without what lies in other tables.
struct StoredMessage {
  domain::Message message;
  std::optional<std::string> own_text;
  int32_t template_version = 0;
};

// From sql::kReadMessages.
StoredMessage ReadStored(const Query& query);

// Sets message.text: the own text, or the template with the fields. Empty when the template is
// gone.
void RenderText(Connection& connection, Caches& caches, StoredMessage& stored);

// NOT_FOUND also for another account's; account_id 0: anybody's.
absl::StatusOr<domain::Message> ReadMessage(Connection& connection, Caches& caches,
                                            int64_t account_id, int64_t message_id,
                                            bool with_details);

// As of MessageStore::ListMessages. NOT_FOUND for the campaign.
absl::StatusOr<MessagePage> ReadMessagePage(Connection& connection, Caches& caches,
                                            const MessageFilter& filter, int64_t after_id,
                                            int32_t page_size);

}  // namespace campaigner::storage::sqlite

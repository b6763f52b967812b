#pragma once

#include <cstdint>
#include <vector>

#include "server/storage/sqlite/address_index.h"
#include "server/storage/sqlite/message_reader.h"

// The two ways of finding the messages of a page. Throws SQLite::Exception.
namespace campaigner::storage::sqlite {

// A page in the making.
struct FoundPage {
  // By descending id.
  std::vector<StoredMessage> messages;
  // The id below which the next page goes on; 0 at the end.
  int64_t next_after_id = 0;
};

// Downwards from `last_id` (included) through the campaign's ids.
FoundPage FindInCampaign(Connection& connection, const MessageFilter& filter, int64_t last_id,
                         int32_t page_size);

// Downwards from `last_id` (included) through the messages to filter.recipient, of any account:
// `is_visible` says by campaign id which may be shown.
class CampaignVisibility {
 public:
  virtual ~CampaignVisibility() = default;
  virtual bool IsVisible(int64_t campaign_id) = 0;
};
FoundPage FindByRecipient(Connection& connection, const RecentAddresses& recent,
                          const MessageFilter& filter, CampaignVisibility& visibility,
                          int64_t last_id, int32_t page_size);

}  // namespace campaigner::storage::sqlite

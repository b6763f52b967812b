#include "server/storage/sqlite/message_pages.h"

#include <algorithm>
#include <utility>

#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/sql.h"
#include "server/storage/sqlite/sql_life.h"

namespace campaigner::storage::sqlite {
namespace {

// Rows that one page looks at: about ten milliseconds. A filter that fits few rows then takes
// several pages instead of one that blocks a reader.
constexpr int kRowsPerPageMax = 20'000;

// Takes what fits until the page is full, or has looked at enough.
class Page {
 public:
  Page(const MessageFilter& filter, int32_t page_size)
      : filter_(filter),
        state_mask_(StateMask(filter.states)),
        reason_mask_(StateMask(filter.reasons)),
        page_size_(static_cast<size_t>(page_size)) {}

  // A row of sql::kReadMessages. True where the page ends with it.
  bool Look(const Query& query) {
    if (Fits(query)) found_.messages.push_back(ReadStored(query));
    return Count(query.Int(0));
  }
  // The same for an id without a row.
  bool Count(int64_t id) {
    const bool is_end = found_.messages.size() >= page_size_ || ++looked_at_ >= kRowsPerPageMax;
    if (is_end) found_.next_after_id = id;
    return is_end;
  }
  FoundPage Finish() { return std::move(found_); }

 private:
  bool Fits(const Query& query) const {
    if (filter_.campaign_id != 0 && query.Int(1) != filter_.campaign_id) return false;
    if (((state_mask_ >> query.Int(3)) & 1) == 0) return false;
    if (((reason_mask_ >> query.Int(4)) & 1) == 0) return false;
    if (!filter_.recipient.empty() && query.Text(10) != filter_.recipient) return false;
    return filter_.external_id.empty() || query.Text(11) == filter_.external_id;
  }

  const MessageFilter& filter_;
  const int64_t state_mask_;
  const int64_t reason_mask_;
  const size_t page_size_;
  FoundPage found_;
  int looked_at_ = 0;
};

// Looks at messages of ascending ids, from the last down to the first. True where the page ends.
bool LookAt(Connection& connection, const std::vector<int64_t>& ids, int64_t last_id,
            CampaignVisibility& visibility, Page& page) {
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    if (*id > last_id) continue;
    Query query(connection, sql::kReadMessages, *id, *id);
    const bool is_shown = query.Step() && visibility.IsVisible(query.Int(1));
    if (is_shown ? page.Look(query) : page.Count(*id)) return true;
  }
  return false;
}

}  // namespace

FoundPage FindInCampaign(Connection& connection, const MessageFilter& filter, int64_t last_id,
                         int32_t page_size) {
  Page page(filter, page_size);
  while (true) {
    int64_t first_id = 0;
    {
      Query extent(connection, sql::kExtentBefore, filter.campaign_id, last_id);
      if (!extent.Step()) return page.Finish();
      first_id = extent.Int(0);
      last_id = std::min(last_id, extent.Int(1));
    }
    Query query(connection, sql::kReadMessagesDown, first_id, last_id);
    while (query.Step()) {
      if (page.Look(query)) return page.Finish();
    }
    last_id = first_id - 1;
  }
}

FoundPage FindByRecipient(Connection& connection, const RecentAddresses& recent,
                          const MessageFilter& filter, CampaignVisibility& visibility,
                          int64_t last_id, int32_t page_size) {
  const AddressHash hash = HashAddress(filter.recipient);
  Page page(filter, page_size);
  const std::vector<int64_t> newest = recent.Find(hash);
  if (LookAt(connection, newest, last_id, visibility, page)) return page.Finish();
  // What was among the newest may meanwhile be in a run too.
  if (!newest.empty()) last_id = std::min(last_id, newest.front() - 1);
  Query runs(connection, sql::kAddressRunsDown, hash.bucket, last_id);
  while (runs.Step()) {
    const std::vector<int64_t> ids = FindInRun(runs.Text(1), runs.Int(0), hash.rest);
    if (LookAt(connection, ids, last_id, visibility, page)) break;
  }
  return page.Finish();
}

}  // namespace campaigner::storage::sqlite

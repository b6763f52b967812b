#include "server/dispatch/outcome_writer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/base/log.h"

namespace campaigner::dispatch {

OutcomeWriter::OutcomeWriter(storage::DispatchStore& store, std::shared_ptr<Inbox> inbox,
                             DispatchMetrics& metrics)
    : store_(store), inbox_(std::move(inbox)), metrics_(metrics) {}

void OutcomeWriter::Flush(absl::Time now, bool is_urgent, absl::Time& wake) {
  while (!waiting_.empty() && writes_.size() < kWritesMax &&
         (writes_.empty() || waiting_.size() >= kSecondGroupMin)) {
    if (now < backoff_.until()) {
      wake = std::min(wake, backoff_.until());
      break;
    }
    const absl::Time gathered = last_write_time_ + kGatherTime;
    if (!is_urgent && waiting_.size() < kSecondGroupMin && now < gathered) {
      wake = std::min(wake, gathered);
      break;
    }
    last_write_time_ = now;
    const auto size = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kGroupMax));
    const auto end = waiting_.begin() + size;
    std::vector<storage::OutcomeRecord> group(std::make_move_iterator(waiting_.begin()),
                                              std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    being_stored_ += group.size();
    const int64_t write = ++last_write_;
    writes_.emplace(write, group);
    store_.RecordOutcomes(std::move(group), now, [inbox = inbox_, write](absl::Status status) {
      inbox->Post([&](Mail& mail) { mail.outcomes_stored.emplace_back(write, std::move(status)); });
    });
  }
  metrics_.outcomes_waiting = static_cast<int64_t>(backlog());
}

void OutcomeWriter::OnStored(int64_t write, const absl::Status& status, absl::Time now) {
  const auto entry = writes_.find(write);
  being_stored_ -= entry->second.size();
  if (status.ok()) {
    backoff_.Succeeded();
  } else {
    if (!backoff_.is_failing()) {
      base::LogError("outcomes_not_stored", {{"status", status.ToString()}});
    }
    metrics_.store_retries += 1;
    std::move(entry->second.begin(), entry->second.end(), std::back_inserter(waiting_));
    backoff_.Failed(now);
  }
  writes_.erase(entry);
}

}  // namespace campaigner::dispatch

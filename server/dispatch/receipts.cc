#include "server/dispatch/receipts.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/base/log.h"
#include "server/dispatch/receipt_writer.h"

namespace campaigner::dispatch {

void ReceiptCollector::Add(std::vector<providers::Receipt> receipts) {
  const absl::Time now = clock_.Now();
  base::MutexLock lock(mutex_);
  for (providers::Receipt& receipt : receipts) {
    storage::ReceiptRecord& record = waiting_.emplace_back();
    record.message_id = receipt.message_id;
    record.round = receipt.round;
    record.state = receipt.state;
    record.reason = receipt.reason;
    record.detail = std::move(receipt.detail);
    record.time = now;
  }
  if (wake_ != nullptr) wake_->Notify();
}

size_t ReceiptCollector::backlog() const {
  base::MutexLock lock(mutex_);
  return waiting_.size() + being_stored_;
}

void ReceiptCollector::Listen(base::WakeSignal* wake) {
  base::MutexLock lock(mutex_);
  wake_ = wake;
}

std::vector<storage::ReceiptRecord> ReceiptCollector::Take(size_t count_max) {
  base::MutexLock lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), count_max));
  const auto end = waiting_.begin() + count;
  std::vector<storage::ReceiptRecord> taken(std::make_move_iterator(waiting_.begin()),
                                            std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  being_stored_ += taken.size();
  return taken;
}

void ReceiptCollector::PutBack(std::vector<storage::ReceiptRecord> records) {
  base::MutexLock lock(mutex_);
  being_stored_ -= records.size();
  // In front: receipts of one message keep their order.
  waiting_.insert(waiting_.begin(), std::make_move_iterator(records.begin()),
                  std::make_move_iterator(records.end()));
}

void ReceiptCollector::Stored(size_t count) {
  base::MutexLock lock(mutex_);
  being_stored_ -= count;
}

ReceiptWriter::ReceiptWriter(storage::DispatchStore& store, ReceiptCollector& collector,
                             std::shared_ptr<Inbox> inbox, DispatchMetrics& metrics)
    : store_(store), collector_(collector), inbox_(std::move(inbox)), metrics_(metrics) {
  collector_.Listen(&inbox_->wake());
}

ReceiptWriter::~ReceiptWriter() { collector_.Listen(nullptr); }

void ReceiptWriter::Flush(absl::Time now, absl::Time& wake) {
  metrics_.receipts_waiting = static_cast<int64_t>(collector_.backlog());
  if (is_writing()) return;
  if (now < backoff_.until()) {
    wake = std::min(wake, backoff_.until());
    return;
  }
  being_stored_ = collector_.Take(kGroupMax);
  if (being_stored_.empty()) return;
  store_.ApplyReceipts(
      being_stored_, now, [inbox = inbox_](absl::StatusOr<storage::ReceiptsApplied> applied) {
        inbox->Post([&](Mail& mail) { mail.receipts_stored.push_back(std::move(applied)); });
      });
}

void ReceiptWriter::OnStored(const absl::StatusOr<storage::ReceiptsApplied>& applied,
                             absl::Time now) {
  if (applied.ok()) {
    backoff_.Succeeded();
    collector_.Stored(being_stored_.size());
    metrics_.receipts_applied += applied->applied;
    metrics_.receipts_ignored += applied->ignored;
  } else {
    if (!backoff_.is_failing()) {
      base::LogError("receipts_not_stored", {{"status", applied.status().ToString()}});
    }
    metrics_.store_retries += 1;
    collector_.PutBack(std::move(being_stored_));
    backoff_.Failed(now);
  }
  being_stored_.clear();
}

}  // namespace campaigner::dispatch

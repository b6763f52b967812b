#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/thread_annotations.h"
#include "server/providers/provider.h"

namespace campaigner::providers {

// See SimulatorConfig. Percentages are 0 to 100, and undelivered, rejected and silent together at
// most 100.
struct SimulatorOptions {
  absl::Duration receipt_delay = absl::Seconds(1);
  double undelivered_percent = 0;
  double rejected_percent = 0;
  double passing_failure_percent = 0;
  double silent_percent = 0;
  uint64_t seed = 0;
  // False: no thread is started; the owner calls RunOnce.
  bool own_thread = true;
};

// Accepts at once and reports back after a delay. What becomes of a message follows from the seed,
// its id and its round, so that one that is sent again by hand may fare better; whether an attempt
// fails in passing, also from the attempt's number. Thread-safe.
//
// Pending receipts are 16 bytes each in memory only: a restart loses them, and their messages end
// by the Status Timeout, as with a real provider that forgets. A repeat with the same reference
// meets the same fate, so nothing is delivered twice; its receipt comes twice.
class SimulatorProvider final : public Provider {
 public:
  // Receipts fall due on ticks of this length, so that they travel in batches.
  static constexpr absl::Duration kTick = absl::Milliseconds(10);

  // INVALID_ARGUMENT names the field. `clock` must outlive the provider.
  static absl::StatusOr<std::unique_ptr<SimulatorProvider>> Make(const std::string& name,
                                                                 const SimulatorOptions& options,
                                                                 base::Clock& clock,
                                                                 ReceiptSink receipts);
  ~SimulatorProvider() override;

  const Capabilities& capabilities() const override { return capabilities_; }
  // `done` is called before Submit returns.
  void Submit(std::vector<Submission> batch, Done done) override;
  // Receipts not yet due are dropped. No receipt is handed out after it.
  void Stop() override;

  // Hands out what is due at `now`; the time at which more will be, or InfiniteFuture. For owners
  // without own_thread; one caller at a time.
  absl::Time RunOnce(absl::Time now);

 private:
  enum class Fate : uint8_t { kDelivered, kUndelivered, kRejected, kSilent };
  static constexpr uint64_t kTickMask = (uint64_t{1} << 40) - 1;
  // Tick, round and fate share a word: an entry is 16 bytes.
  struct Pending {
    int64_t message_id;
    uint64_t tick : 40;   // Since the epoch: enough for 348 years.
    uint64_t round : 16;  // Receipts of later ones would be taken for older ones', and ignored.
    Fate fate : 8;
  };
  static_assert(sizeof(Pending) == 16);

  SimulatorProvider(const SimulatorOptions& options, base::Clock& clock, ReceiptSink receipts);
  Fate FateOf(const Submission& submission) const;
  bool FailsInPassing(const Submission& submission) const;
  // They fall due after the delay.
  void Schedule(std::vector<Pending> receipts) EXCLUDES(mutex_);
  static absl::Time TimeOf(const Pending& pending);
  void Loop();

  const SimulatorOptions options_;
  const Capabilities capabilities_;
  base::Clock& clock_;
  const ReceiptSink receipts_;
  base::WakeSignal wake_;
  base::Mutex mutex_;
  // In order of tick: the delay is the same for all.
  std::deque<Pending> pending_ GUARDED_BY(mutex_);
  bool is_stopped_ GUARDED_BY(mutex_) = false;
  std::mutex join_mutex_;  // Between callers of Stop.
  std::thread thread_;
};

}  // namespace campaigner::providers

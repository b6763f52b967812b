#include "client/cpp/retry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <random>

#include "server/base/clock.h"
#include "server/base/error.h"

namespace campaigner::client {

absl::Duration Backoff(const RetryPolicy& policy, int attempt, double jitter,
                       const absl::Status& error) {
  absl::Duration pause = policy.backoff_initial;
  for (int i = 1; i < attempt && pause < policy.backoff_max; ++i) pause *= 2;
  pause = std::min(pause, policy.backoff_max) * (0.8 + 0.4 * jitter);
  return std::max(pause, base::GetErrorDetail(error).retry_after.value_or(absl::ZeroDuration()));
}

absl::Status CallWithRetry(const RetryPolicy& policy, absl::Duration timeout,
                           absl::FunctionRef<absl::Status(absl::Time deadline)> attempt) {
  base::SystemClock clock;
  std::minstd_rand random(std::random_device{}());
  const absl::Time deadline = clock.Now() + timeout;
  for (int number = 1;; ++number) {
    const absl::Status status = attempt(deadline);
    if (status.code() != absl::StatusCode::kUnavailable) return status;
    const double jitter = std::uniform_real_distribution<double>()(random);
    const absl::Time next = clock.Now() + Backoff(policy, number, jitter, status);
    if (number >= policy.attempts_max || next >= deadline) return status;
    base::WakeSignal never;
    clock.SleepUntil(never, next);
  }
}

std::string MakeRequestId() {
  std::random_device random;
  const auto next = [&random] { return (uint64_t{random()} << 32) | random(); };
  const uint64_t high = (next() & ~uint64_t{0xf000}) | 0x4000;
  const uint64_t low = (next() >> 2) | (uint64_t{1} << 63);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffffffffffff);
}

}  // namespace campaigner::client

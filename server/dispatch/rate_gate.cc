#include "server/dispatch/rate_gate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "server/dispatch/lanes.h"

namespace campaigner::dispatch {
namespace {

// Ten units, and no more than a tenth of a second's worth: evenly spaced to the eye of any
// operator. A hundredth of a second's worth where that is more: a wake-up for every few messages of
// a fast rate would cost more than they do.
constexpr int64_t kPacket = 10;
constexpr absl::Duration kSlowest = absl::Milliseconds(100);
constexpr absl::Duration kFastest = absl::Milliseconds(10);
// Segments of the longest text, limits::kTextCharsMax, are fewer.
constexpr int64_t kSegmentsMax = 160;
// Who waits for its turn has so long to take it when it has come: its route may have no place.
constexpr absl::Duration kGrace = absl::Milliseconds(50);
// Others look so often whether it has.
constexpr absl::Duration kLook = absl::Milliseconds(5);

domain::RateLimiter::Setting SettingOf(const domain::Rate& rate) {
  const double per_span =
      static_cast<double>(rate.limit) / absl::FDivDuration(rate.period, kSlowest);
  const int64_t even =
      std::clamp<int64_t>(std::llround(std::floor(std::min(per_span, 1e9))), 1, kPacket);
  const auto fast =
      static_cast<int64_t>(std::min(per_span, 1e9) * absl::FDivDuration(kFastest, kSlowest));
  return {.limit = rate.limit,
          .period = rate.period,
          .packet = std::max(even, fast),
          .piece_max = rate.unit == domain::RateUnit::kSegments ? kSegmentsMax : 1};
}

}  // namespace

RateGate::RateGate(const domain::Rate& rate, absl::Time known_since)
    : rate_(rate), limiter_(SettingOf(rate), known_since) {}

RateGate::RateGate(const domain::Rate& rate, const std::vector<Went>& history)
    : RateGate(rate, absl::InfinitePast()) {
  for (const Went& went : history) limiter_.Remember(went.units, went.time);
}

bool RateGate::CanBecome(const domain::Rate& rate) const {
  return rate.unit == rate_.unit && rate.period <= rate_.period;
}

void RateGate::Change(const domain::Rate& rate, absl::Time now) {
  if (rate == rate_) return;
  rate_ = rate;
  limiter_.Change(SettingOf(rate), now);
}

int RateGate::Fit(const LaneRun& lane, int wanted, absl::Time now) {
  if (wanted <= 0 || IsHeldForAnother(lane, now)) return 0;
  const int64_t piece = UnitsOf(lane.queue.front());
  int64_t units = limiter_.Available(now, piece);
  if (units == 0) {
    Wait(lane, piece, now);
    return 0;
  }
  int count = 0;
  for (; count < wanted; ++count) {
    units -= UnitsOf(lane.queue[static_cast<size_t>(count)]);
    if (units < 0) break;
  }
  return count;
}

void RateGate::Take(const LaneRun& lane, int count, absl::Time now) {
  int64_t units = count;
  if (counts_segments()) {
    units = 0;
    for (int i = 0; i < count; ++i) units += UnitsOf(lane.queue[static_cast<size_t>(i)]);
  }
  limiter_.Take(units, now);
  if (waiting_.lane == &lane) waiting_ = {};
}

absl::Time RateGate::NextTry(const LaneRun& lane, absl::Time now) {
  if (!IsHeldForAnother(lane, now)) return limiter_.NextAvailable(now, UnitsOf(lane.queue.front()));
  const absl::Time due = waiting_.until - kGrace;
  return due > now ? due : std::min(waiting_.until, now + kLook);
}

int RateGate::FitMax(absl::Time now) {
  constexpr int64_t kMost = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp<int64_t>(limiter_.Available(now), 1, kMost));
}

int RateGate::UnitsWithin(absl::Duration span) const {
  const double units = static_cast<double>(rate_.limit) * absl::FDivDuration(span, rate_.period);
  return static_cast<int>(std::clamp(std::ceil(units), 1.0, 1e6));
}

int64_t RateGate::UnitsOf(const QueuedMessage& message) const {
  return counts_segments() ? std::max(message.segments, 1) : 1;
}

bool RateGate::IsHeldForAnother(const LaneRun& lane, absl::Time now) const {
  if (waiting_.lane == nullptr || waiting_.lane == &lane || now >= waiting_.until) return false;
  if (lane.order_key != waiting_.order_key) return lane.order_key > waiting_.order_key;
  return waiting_.is_piece;
}

void RateGate::Wait(const LaneRun& lane, int64_t piece, absl::Time now) {
  const bool is_free = waiting_.lane == nullptr || now >= waiting_.until;
  if (!is_free && waiting_.lane != &lane && lane.order_key >= waiting_.order_key) return;
  waiting_ = {&lane, lane.order_key, piece > 1, limiter_.NextAvailable(now, piece) + kGrace};
}

}  // namespace campaigner::dispatch

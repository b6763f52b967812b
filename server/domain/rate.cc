#include "server/domain/rate.h"

#include <algorithm>

namespace campaigner::domain {
namespace {

// The window is remembered in about so many pieces: exact for limits up to it; above, units that
// went one after the other count as gone with the last of them, a thousandth of the period later.
constexpr int64_t kPieces = 1024;

}  // namespace

RateLimiter::RateLimiter(int64_t limit, absl::Duration period, int64_t packet, absl::Time now)
    : limit_(limit),
      period_(period),
      packet_(std::clamp<int64_t>(packet, 1, limit > 0 ? limit : 1)),
      next_(now) {
  if (limit_ <= 0) return;
  Record(packet_, now);
  next_ = now + Spacing(packet_);
}

int64_t RateLimiter::Take(int64_t wanted, absl::Time now) {
  if (limit_ <= 0) return std::max<int64_t>(wanted, 0);
  Forget(now);
  last_taken_ = 0;
  const int64_t units = std::min({wanted, packet_, limit_ - recent_units_});
  if (now < next_ || units <= 0) return 0;
  const absl::Duration spacing = Spacing(units);
  // A call that comes a little late does not delay all those after it.
  const bool is_punctual = now - next_ <= spacing / 2;
  next_ = (is_punctual ? next_ : now) + spacing;
  Record(units, now);
  last_taken_ = units;
  return units;
}

void RateLimiter::GiveBack(int64_t units) {
  units = std::clamp<int64_t>(units, 0, last_taken_);
  if (units == 0) return;
  last_taken_ -= units;
  recent_units_ -= units;
  recent_.back().units -= units;
  if (recent_.back().units == 0) recent_.pop_back();
  next_ -= Spacing(units);
}

absl::Time RateLimiter::NextAvailable(absl::Time now) const {
  if (limit_ <= 0) return now;
  // The clock was set back: Take will start anew.
  if (!recent_.empty() && now < recent_.back().time) return now + Spacing(packet_);
  const absl::Time spaced = std::max(now, next_);
  int64_t units = recent_units_;
  for (const Taken& taken : recent_) {
    if (units < limit_) break;
    if (spaced < taken.time + period_) return taken.time + period_;
    units -= taken.units;
  }
  return spaced;
}

void RateLimiter::Forget(absl::Time now) {
  if (!recent_.empty() && now < recent_.back().time) {
    // The clock was set back. Everything counts as gone just now, so that nobody waits for the old
    // time to come again and no window gets more than its limit.
    recent_ = {{now, recent_units_}};
    next_ = now + Spacing(packet_);
  }
  while (!recent_.empty() && recent_.front().time + period_ <= now) {
    recent_units_ -= recent_.front().units;
    recent_.pop_front();
  }
}

void RateLimiter::Record(int64_t units, absl::Time now) {
  recent_units_ += units;
  if (!recent_.empty() && recent_.back().units + units <= limit_ / kPieces) {
    recent_.back().time = now;
    recent_.back().units += units;
  } else {
    recent_.push_back({now, units});
  }
}

}  // namespace campaigner::domain

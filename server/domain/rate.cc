#include "server/domain/rate.h"

#include <algorithm>

#include "absl/numeric/int128.h"

namespace campaigner::domain {
namespace {

// The window is remembered in about so many parts: exact for limits up to it; above, units that
// went one after the other count as gone with the last of them, a thousandth of the period later.
constexpr int64_t kParts = 1024;
// A clock that steps back by less stands still, as far as what went is concerned.
constexpr absl::Duration kStepBackMax = absl::Milliseconds(100);

RateLimiter::Setting Checked(RateLimiter::Setting setting) {
  setting.limit = std::max<int64_t>(setting.limit, 1);
  setting.period = std::max(setting.period, absl::Nanoseconds(1));
  setting.packet = std::clamp<int64_t>(setting.packet, 1, setting.limit);
  setting.piece_max = std::clamp<int64_t>(setting.piece_max, 1, setting.limit);
  return setting;
}

}  // namespace

RateLimiter::RateLimiter(const Setting& setting, absl::Time known_since)
    : setting_(Checked(setting)), known_since_(known_since) {}

void RateLimiter::Remember(int64_t units, absl::Time time) {
  if (units <= 0) return;
  last_taken_ = time;
  recent_units_ += units;
  recent_.push_back({time, units});
  next_ = time + Spacing(std::min(units, setting_.packet));
}

void RateLimiter::Change(const Setting& setting, absl::Time now) {
  Forget(now);
  // What is older than the old period is forgotten.
  if (setting.period > setting_.period) {
    known_since_ = std::max(known_since_, std::min(last_taken_, now - setting_.period));
  }
  setting_ = Checked(setting);
  Forget(now);
  next_ =
      recent_.empty() ? absl::InfinitePast() : recent_.back().time + Spacing(recent_.back().units);
}

int64_t RateLimiter::Available(absl::Time now, int64_t piece) {
  Forget(now);
  if (now < next_) return 0;
  const int64_t used = recent_units_ + UnknownUnits(now);
  const int64_t packet = std::min(setting_.packet, setting_.limit - used);
  if (piece <= packet) return packet;
  const bool fits = piece <= setting_.limit - used || used == 0;
  return fits ? piece : 0;
}

void RateLimiter::Take(int64_t units, absl::Time now) {
  if (units <= 0) return;
  const absl::Duration spacing = Spacing(units);
  // A call that comes a little late does not delay all those after it.
  const bool is_punctual = now - next_ <= spacing / 2;
  next_ = (is_punctual ? next_ : now) + spacing;
  if (!recent_.empty()) now = std::max(now, recent_.back().time);
  last_taken_ = now;
  recent_units_ += units;
  if (!recent_.empty() && recent_.back().units + units <= setting_.limit / kParts) {
    recent_.back().time = now;
    recent_.back().units += units;
  } else {
    recent_.push_back({now, units});
  }
}

absl::Time RateLimiter::NextAvailable(absl::Time now, int64_t piece) {
  Forget(now);
  const int64_t used_max = std::max<int64_t>(setting_.limit - piece, 0);
  absl::Time time = std::max(now, next_);
  int64_t units = recent_units_;
  auto oldest = recent_.begin();
  while (true) {
    for (; oldest != recent_.end() && oldest->time + setting_.period <= time; ++oldest) {
      units -= oldest->units;
    }
    const absl::Time oldest_leaves =
        oldest == recent_.end() ? absl::InfiniteFuture() : oldest->time + setting_.period;
    absl::Time fits = oldest_leaves;
    if (units <= used_max) fits = std::min(fits, UnknownFits(used_max - units));
    if (fits <= time) return time;
    time = fits;
  }
}

absl::Duration RateLimiter::Spacing(int64_t units) const {
  // A piece of more than the limit has its period for itself, and no more.
  return setting_.period * std::min(units, setting_.limit) / setting_.limit;
}

void RateLimiter::Forget(absl::Time now) {
  known_since_ = std::min(known_since_, now);
  last_taken_ = std::min(last_taken_, now);
  if (!recent_.empty() && recent_.back().time - now > kStepBackMax) {
    // The clock was set back. Everything counts as gone just now, so that nobody waits for the old
    // time to come again and no window gets more than its limit.
    recent_ = {{now, recent_units_}};
    next_ = now + Spacing(setting_.packet);
  }
  while (!recent_.empty() && recent_.front().time + setting_.period <= now) {
    recent_units_ -= recent_.front().units;
    recent_.pop_front();
  }
}

// Evenly spaced units fill a stretch of time with its share of the limit and one and a half
// packets.
int64_t RateLimiter::UnknownUnits(absl::Time time) const {
  const absl::Duration stretch = known_since_ + setting_.period - time;
  if (stretch <= absl::ZeroDuration()) return 0;
  const absl::int128 share = absl::int128(absl::ToInt64Nanoseconds(stretch)) * setting_.limit /
                             absl::ToInt64Nanoseconds(setting_.period);
  return std::min(setting_.limit, LastUnknown() + static_cast<int64_t>(share));
}

absl::Time RateLimiter::UnknownFits(int64_t units) const {
  if (units >= setting_.limit) return absl::InfinitePast();
  const absl::Time all_known = known_since_ + setting_.period;
  const int64_t share = units - LastUnknown();
  if (share < 0) return all_known;
  // The longest stretch whose share, rounded down, is not more.
  const absl::int128 period = absl::ToInt64Nanoseconds(setting_.period);
  const absl::int128 stretch = ((share + 1) * period - 1) / setting_.limit;
  return all_known - absl::Nanoseconds(static_cast<int64_t>(stretch));
}

int64_t RateLimiter::LastUnknown() const {
  return 2 * std::max(setting_.packet, setting_.piece_max) + 1;
}

}  // namespace campaigner::domain

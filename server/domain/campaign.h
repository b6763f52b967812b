#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/domain/rate.h"
#include "server/domain/schedule.h"

// A campaign and its life. Plain values and pure functions.
namespace campaigner::domain {

// Numbers are stored, and equal to those of campaigner.v1.Campaign.State.
enum class CampaignState : uint8_t {
  kNew = 1,
  kDeferred = 2,
  kRunning = 3,
  kPaused = 4,
  kSent = 5,
  kDone = 6,
  kCancelled = 7,
};
const char* StateName(CampaignState state);

// The numbers of these are stored, and equal to those of campaigner.v1.Campaign.
// What becomes of a placeholder for which a recipient has no value.
enum class MissingValues : uint8_t { kRemove = 1, kKeep = 2, kReject = 3 };
// What to do where sending would begin later than start_time by more than late_start_after.
enum class LateStart : uint8_t { kSend = 1, kSkip = 2, kHold = 3 };
// What is posted to the webhook URL.
enum class WebhookEvents : uint8_t { kO3goFinal = 1, kAll = 2 };

// Local minutes of a recipient's day in which nothing is sent to it: from start to end, over
// midnight where start is the larger.
struct QuietHours {
  int32_t start_minute = 0;
  int32_t end_minute = 0;
  // IANA name; for recipients whose number does not tell one zone. Empty: quiet in any of the zones
  // that it allows.
  std::string fallback_zone;
  bool operator==(const QuietHours&) const = default;
};

struct Campaign {
  int64_t id = 0;
  int64_t account_id = 0;
  std::string display_name;
  std::string channel = "sms";
  std::string sender;
  std::string template_text;
  // Raised by storage with every change of template_text; messages refer to the one they came with.
  int32_t template_version = 0;
  std::string webhook_url;
  int32_t order = 0;  // 1 is the highest; 0 the lowest of all.
  int32_t message_attempts = 0;
  absl::Duration sending_timeout;
  absl::Duration status_timeout;
  absl::Duration retry_interval;
  std::optional<absl::Time> start_time;
  std::optional<absl::Time> finish_time;
  std::optional<WeeklySchedule> schedule;
  std::string time_zone;  // Empty: the account's.
  Rate rate;
  std::vector<int64_t> api_key_ids;
  MissingValues missing_values = MissingValues::kRemove;
  std::optional<QuietHours> quiet_hours;
  LateStart late_start = LateStart::kSend;
  absl::Duration late_start_after;
  WebhookEvents webhook_events = WebhookEvents::kO3goFinal;
  // SENT by itself when no message waits any more.
  bool finish_when_sent = false;
  CampaignState state = CampaignState::kNew;
  absl::Time create_time;
  absl::Time update_time;
  int64_t revision = 0;  // Raised by storage with every change; the etag.
};

enum class CampaignVerb : uint8_t { kStart, kPause, kResume, kCancel };

// What `verb` makes of a campaign at `now`; nullopt where the state does not allow it. A repeat of
// the verb that led to the present state is not an error: it answers that state. A campaign that
// would begin late is SENT or PAUSED instead of RUNNING, as late_start says; who resumes one that
// is to be held has decided. `has_begun`: it has been open before, so that it does not begin now.
std::optional<CampaignState> Apply(CampaignVerb verb, const Campaign& campaign, absl::Time now,
                                   bool has_begun = true);

// Whether messages that failed may be sent again: while it accepts messages, and where it ended
// only because all was sent. FAILED_PRECONDITION: it is finished by time, or cancelled.
absl::Status CheckRetry(const Campaign& campaign, absl::Time now);

// What time makes of it: DEFERRED to RUNNING at start_time, or, where that is past by more than
// late_start_after, to what late_start says; RUNNING to DEFERRED where start_time was put off;
// RUNNING, PAUSED and DEFERRED to SENT at finish_time. SENT to DONE is storage's, when the last
// message is final. The present state where nothing changes. `has_begun`: it has been open before,
// so that it goes on, and is not late.
CampaignState AfterTime(const Campaign& campaign, absl::Time now, bool has_begun = false);

// When AfterTime will next answer something else; InfiniteFuture if never.
absl::Time NextStateChange(const Campaign& campaign, absl::Time now);

// Whether sends into it are accepted: NEW, DEFERRED, RUNNING, PAUSED.
bool AcceptsMessages(CampaignState state);

// Whether its schedule is open at `now`. It is ignored where start_time or finish_time is set.
// `zone` is the campaign's.
bool IsScheduleOpen(const Campaign& campaign, const absl::TimeZone& zone, absl::Time now);

// Whether messages may go out at `now`: RUNNING, and the schedule open.
bool IsOpen(const Campaign& campaign, const absl::TimeZone& zone, absl::Time now);

// The next moment after `now` at which IsScheduleOpen answers otherwise.
absl::Time NextScheduleChange(const Campaign& campaign, const absl::TimeZone& zone, absl::Time now);

}  // namespace campaigner::domain

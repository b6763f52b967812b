#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "campaigner/v1/campaign_service.pb.h"

namespace campaigner::cli {

// What a campaign is given on the command line; absent where the option was not used.
struct CampaignValues {
  std::optional<std::string> name;
  std::optional<std::string> text_template;
  std::optional<std::string> webhook;
  std::optional<std::string> channel;
  std::optional<std::string> sender;
  std::optional<int32_t> order;
  std::optional<int32_t> attempts;
  std::optional<std::string> sending_timeout;
  std::optional<std::string> status_timeout;
  std::optional<std::string> retry_interval;
  std::optional<std::string> start;
  std::optional<std::string> finish;
  std::optional<std::string> schedule;
  std::optional<std::string> zone;
  std::optional<int32_t> rate;
  std::optional<std::string> rate_period;
  std::optional<std::string> rate_unit;
  std::optional<std::string> missing_values;
  std::optional<std::string> quiet;
  std::optional<std::string> quiet_zone;
  std::optional<std::string> late_start;
  std::optional<std::string> late_start_after;
  std::optional<std::string> webhook_events;
  std::optional<bool> finish_when_sent;
  std::vector<int64_t> keys;
  bool any_key = false;
};

void DefineCampaignValues(CLI::App& command, CampaignValues& values);

// Whether what was given is read by what the campaign already has: its zone, its quiet hours.
bool NeedPresentCampaign(const CampaignValues& values);

// Sets what was given, and names it in the mask. `present`: the campaign that is changed; empty for
// a new one. Times are read in the zone that was given, else in the campaign's, else in `local`.
// INVALID_ARGUMENT for a time, zone, duration or schedule that cannot be read.
absl::StatusOr<google::protobuf::FieldMask> ApplyCampaignValues(const CampaignValues& values,
                                                                absl::Time now,
                                                                const absl::TimeZone& local,
                                                                const v1::Campaign& present,
                                                                v1::Campaign& campaign);

}  // namespace campaigner::cli

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/dispatch/routes.h"
#include "server/domain/campaign.h"
#include "server/imports/reading/recipient_mapper.h"

namespace campaigner::imports {

// Why a row that is otherwise well does not become a message.
inline constexpr char kDuplicateProblem[] = "the recipient is in the campaign already";
inline constexpr char kStopListedProblem[] = "the recipient is on the stop-list";

struct JudgedRow {
  int64_t number = 0;
  Recipient recipient;
  int64_t route_id = 0;
  int32_t segments = 0;
  int64_t cost_micros = 0;
  // Empty: it can become a message.
  std::vector<std::string> problems;
  // What stands in the address column, cut to limits::kRejectedValueBytesMax.
  std::string value;
};

// Decides what can be decided about a row by itself: is it a recipient of this campaign, over which
// route, in how many segments. For one thread at a time.
class RowJudge {
 public:
  // What is referred to must outlive it. `mapper`: for the same `format`.
  RowJudge(const RecipientMapper& mapper, const dispatch::RouteTable& routes, const Format& format)
      : mapper_(mapper), routes_(routes), address_column_(format.address_column) {}

  // As the campaign is at the moment; the judge keeps nothing of it that would grow old.
  void Judge(const RawRow& row, const domain::Campaign& campaign, JudgedRow& judged);

 private:
  // Renders and measures the text, for rows that are well otherwise.
  void JudgeText(const domain::Campaign& campaign, JudgedRow& judged);

  const RecipientMapper& mapper_;
  const dispatch::RouteTable& routes_;
  const int32_t address_column_;
  // Of a template without braces, by its version: measured once.
  int32_t plain_version_ = 0;
  int32_t plain_segments_ = 0;
};

}  // namespace campaigner::imports

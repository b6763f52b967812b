#include "server/imports/row_judge.h"

#include <fmt/format.h>

#include <optional>

#include "server/base/limits.h"
#include "server/base/text.h"
#include "server/domain/segments.h"
#include "server/domain/template.h"

namespace campaigner::imports {

void RowJudge::Judge(const RawRow& row, const domain::Campaign& campaign, JudgedRow& judged) {
  judged.number = row.number;
  judged.route_id = 0;
  judged.segments = 0;
  judged.cost_micros = 0;
  const auto column = static_cast<size_t>(address_column_) - 1;
  judged.value.clear();
  if (column < row.cells.size()) {
    judged.value = base::TruncateUtf8(row.cells[column], base::limits::kRejectedValueBytesMax);
  }
  if (!mapper_.Map(row, judged.recipient, judged.problems)) return;
  const std::optional<int64_t> route = routes_.Pick(campaign.channel, judged.recipient.address);
  if (!route) {
    judged.problems.push_back(
        fmt::format("column {}: is not carried by any route", address_column_));
    return;
  }
  judged.route_id = *route;
  if (campaign.missing_values == domain::MissingValues::kReject) {
    for (const std::string& name :
         domain::ListMissing(campaign.template_text, judged.recipient.fields)) {
      judged.problems.push_back(fmt::format("has no value for {{{}}}", name));
    }
    if (!judged.problems.empty()) return;
  }
  JudgeText(campaign, judged);
  judged.cost_micros = judged.segments * routes_.PriceMicros(judged.route_id);
}

void RowJudge::JudgeText(const domain::Campaign& campaign, JudgedRow& judged) {
  // A campaign may get its template after its recipients.
  const bool is_plain = campaign.template_text.find_first_of("{}") == std::string::npos;
  if (is_plain && plain_version_ == campaign.template_version) {
    judged.segments = plain_segments_;
    return;
  }
  const std::string text =
      domain::Render(campaign.template_text, judged.recipient.fields, campaign.missing_values);
  if (domain::IsTextTooLong(text)) {
    judged.problems.push_back(
        fmt::format("the text has more than {} characters", base::limits::kTextCharsMax));
    return;
  }
  if (text.empty() && !is_plain) {
    judged.problems.push_back("nothing is left of the text without its missing values");
    return;
  }
  judged.segments = campaign.channel == "sms" ? domain::MeasureSms(text).segments : 1;
  if (!is_plain) return;
  plain_version_ = campaign.template_version;
  plain_segments_ = judged.segments;
}

}  // namespace campaigner::imports

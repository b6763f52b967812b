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
  judged.segments = CountSegments(campaign, judged.recipient.fields);
  judged.cost_micros = judged.segments * routes_.PriceMicros(judged.route_id);
}

int32_t RowJudge::CountSegments(const domain::Campaign& campaign, const domain::Fields& fields) {
  if (campaign.channel != "sms") return 1;
  const bool is_plain = campaign.template_text.find_first_of("{}") == std::string::npos;
  if (is_plain && plain_version_ == campaign.template_version) return plain_segments_;
  const int32_t segments =
      domain::MeasureSms(domain::Render(campaign.template_text, fields, campaign.missing_values))
          .segments;
  if (is_plain) {
    plain_version_ = campaign.template_version;
    plain_segments_ = segments;
  }
  return segments;
}

}  // namespace campaigner::imports

#include "server/services/export_messages.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/domain/template.h"
#include "server/services/campaigns.h"
#include "server/services/convert/csv.h"
#include "server/services/convert/message.h"
#include "server/services/download.h"

namespace campaigner::services {
namespace {

namespace limits = base::limits;

// Messages read at once: with short texts, about a piece of a file.
constexpr int32_t kMessagesAtOnce = 1000;
constexpr char kLineEnd[] = "\r\n";

// Times as ISO 8601. Messages of a batch share their second: to format it costs more than the rest
// of a row.
class TimeFormatter {
 public:
  void Append(absl::Time time, std::string& text) {
    constexpr int64_t kMillisPerSecond = 1000;
    const int64_t millis = absl::ToUnixMillis(time);
    if (millis / kMillisPerSecond != last_second_) {
      last_second_ = millis / kMillisPerSecond;
      last_text_ = absl::FormatTime("%Y-%m-%dT%H:%M:%S", time, absl::UTCTimeZone());
    }
    fmt::format_to(std::back_inserter(text), "{}.{:03}Z", last_text_, millis % kMillisPerSecond);
  }

 private:
  int64_t last_second_ = -1;
  std::string last_text_;
};

// The cells of a row, one after the other.
class Row {
 public:
  Row(TimeFormatter& times, std::string& text) : times_(times), text_(text) {}
  ~Row() { text_ += kLineEnd; }
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;

  void Add(std::string_view value) {
    Begin();
    AppendCsvCell(value, text_);
  }
  void Add(int64_t value) {
    Begin();
    fmt::format_to(std::back_inserter(text_), "{}", value);
  }
  // Millionths as a decimal number.
  void AddMoney(int64_t micros) {
    constexpr int64_t kMicros = 1'000'000;
    Begin();
    fmt::format_to(std::back_inserter(text_), "{}.{:06}", micros / kMicros, micros % kMicros);
  }
  void Add(const std::optional<absl::Time>& time) {
    Begin();
    if (time.has_value()) times_.Append(*time, text_);
  }

 private:
  void Begin() {
    if (std::exchange(has_cells_, true)) text_ += ',';
  }

  TimeFormatter& times_;
  std::string& text_;
  bool has_cells_ = false;
};

class MessagesFile final : public FileSource {
 public:
  MessagesFile(const CallContext& call, const domain::Campaign& campaign,
               storage::ExportFilter filter, bool with_fields)
      : env_(call.env), filter_(std::move(filter)), with_fields_(with_fields) {
    if (with_fields) AddFieldNames(domain::ListMissing(campaign.template_text, {}));
  }

  std::string content_type() const override { return "text/csv; charset=utf-8"; }
  std::string file_name() const override {
    return fmt::format("messages-{}.csv", filter_.campaign_id);
  }

  absl::StatusOr<std::optional<std::string>> Next() override {
    if (is_at_end_) return std::nullopt;
    ASSIGN_OR_RETURN(const storage::MessagePage page,
                     env_.store.ExportMessages(filter_, after_id_, kMessagesAtOnce));
    // Where it was deleted meanwhile, messages are missing, and the page may look like the last.
    RETURN_IF_ERROR(env_.store.GetCampaign(filter_.campaign_id).status());
    after_id_ = page.next_after_id;
    is_at_end_ = after_id_ == 0;
    // Stays empty where nothing in the page fits.
    std::string text;
    if (!std::exchange(has_header_, true)) WriteHeader(page, text);
    for (const domain::Message& message : page.messages) {
      RETURN_IF_ERROR(WriteMessage(message, text));
    }
    return text;
  }

 private:
  template <typename Names>
  void AddFieldNames(const Names& names) {
    for (const auto& name : names) {
      if (field_names_.size() >= limits::kExportFieldsMax) return;
      field_names_.insert(std::string(name));
    }
  }

  void WriteHeader(const storage::MessagePage& page, std::string& text) {
    for (const domain::Message& message : page.messages) {
      if (!with_fields_) break;
      std::vector<std::string_view> names;
      for (const auto& [name, value] : message.fields) names.push_back(name);
      AddFieldNames(names);
    }
    Row row(times_, text);
    for (const char* name : {"id", "recipient", "external_id", "state", "reason", "segments",
                             "cost", "attempts", "create_time", "send_time", "final_time", "route",
                             "provider_message_id", "provider_detail"}) {
      row.Add(std::string_view(name));
    }
    if (filter_.with_text) row.Add(std::string_view("text"));
    for (const std::string& name : field_names_) row.Add(name);
    if (with_fields_) row.Add(std::string_view("other_fields"));
  }

  absl::Status WriteMessage(const domain::Message& message, std::string& text) {
    static const domain::Attempt* const kNoAttempt = new domain::Attempt();
    const domain::Attempt& attempt =
        message.attempts.empty() ? *kNoAttempt : message.attempts.back();
    ASSIGN_OR_RETURN(const std::string* route, RouteName(attempt.route_id, message.route_id));
    Row row(times_, text);
    row.Add(message.id);
    row.Add(message.recipient);
    row.Add(message.external_id);
    row.Add(std::string_view(domain::StateName(message.state)));
    row.Add(std::string_view(domain::ReasonName(message.reason)));
    row.Add(int64_t{message.segments});
    row.AddMoney(message.cost_micros);
    row.Add(int64_t{message.attempt_count});
    row.Add(std::optional(message.create_time));
    row.Add(message.send_time);
    row.Add(message.final_time);
    row.Add(*route);
    row.Add(attempt.provider_message_id);
    row.Add(attempt.receipt_detail.empty() ? attempt.detail : attempt.receipt_detail);
    if (filter_.with_text) row.Add(message.text);
    for (const std::string& name : field_names_) {
      const auto field = message.fields.find(name);
      row.Add(field == message.fields.end() ? std::string_view() : field->second);
    }
    if (with_fields_) row.Add(OtherFields(message));
    return absl::OkStatus();
  }

  // Those that have no column, as a JSON object; empty where there are none.
  std::string OtherFields(const domain::Message& message) const {
    nlohmann::json others;
    for (const auto& [name, value] : message.fields) {
      if (!field_names_.contains(name)) others[name] = value;
    }
    if (others.is_null()) return {};
    return others.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  // Of the last attempt, or the one that it will go.
  absl::StatusOr<const std::string*> RouteName(int64_t attempts_route_id, int64_t route_id) {
    const int64_t id = attempts_route_id != 0 ? attempts_route_id : route_id;
    const auto known = route_names_.find(id);
    if (known != route_names_.end()) return &known->second;
    ASSIGN_OR_RETURN(std::string name, env_.store.GetRouteName(id));
    return &route_names_.emplace(id, std::move(name)).first->second;
  }

  const Environment& env_;
  const storage::ExportFilter filter_;
  const bool with_fields_;
  TimeFormatter times_;
  std::set<std::string> field_names_;
  std::unordered_map<int64_t, std::string> route_names_;
  int64_t after_id_ = 0;
  bool has_header_ = false;
  bool is_at_end_ = false;
};

absl::StatusOr<std::unique_ptr<FileSource>> OpenExport(const CallContext& call,
                                                       const v1::ExportMessagesRequest& request) {
  ASSIGN_OR_RETURN(const auto campaign, FindCampaign(call, request.campaign_id()));
  Violations violations;
  storage::ExportFilter filter{.campaign_id = campaign->id,
                               .states = MessageStatesFromProto(request.states(), violations),
                               .with_text = request.with_text()};
  RETURN_IF_ERROR(violations.ToStatus());
  return std::make_unique<MessagesFile>(call, *campaign, std::move(filter), request.with_fields());
}

}  // namespace

grpc::ServerWriteReactor<v1::FileChunk>* ServeExportMessages(
    const Environment& env, grpc::CallbackServerContext* context,
    const v1::ExportMessagesRequest* request) {
  return ServeDownload(env, "ExportMessages", domain::Scope::kManage, context,
                       [request](const CallContext& call) { return OpenExport(call, *request); });
}

}  // namespace campaigner::services

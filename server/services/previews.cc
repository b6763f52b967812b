#include "server/services/previews.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/domain/address.h"
#include "server/domain/errors/requests.h"
#include "server/domain/errors/resources.h"
#include "server/domain/segments.h"
#include "server/domain/template.h"
#include "server/services/campaigns.h"
#include "server/services/convert/time.h"

namespace campaigner::services {
namespace {

namespace limits = base::limits;
using domain::Campaign;

constexpr int32_t kPageSize = 1000;
// Estimates at once, and how long one may read: ten million messages fit.
constexpr int kEstimatesMax = 2;
constexpr absl::Duration kEstimateTimeMax = absl::Minutes(5);
// Messages of so many segments and more are counted together.
constexpr int kSegmentsCounted = 10;

// What a preview is about, from the request and the message that it names.
struct Subject {
  std::string text_template;
  domain::Fields fields = {};
  std::string recipient = {};
};

absl::StatusOr<Subject> ReadSubject(const CallContext& call,
                                    const v1::PreviewMessageRequest& request,
                                    const Campaign& campaign) {
  Subject subject{.text_template = campaign.template_text};
  Violations violations;
  if (request.message_id() != 0) {
    ASSIGN_OR_RETURN(const domain::Message message,
                     call.env.store.GetMessage(call.account_id(), request.message_id(), true));
    if (message.campaign_id != campaign.id) {
      return domain::errors::MessageNotFound(request.message_id());
    }
    subject.fields = message.fields;
    subject.recipient = message.recipient;
  }
  for (const auto& [name, value] : request.fields()) subject.fields[name] = value;
  if (subject.fields.size() > limits::kFieldsMax) {
    violations.Add("fields", fmt::format("must be at most {}", limits::kFieldsMax));
  }
  if (request.has_template_()) {
    subject.text_template = request.template_();
    const absl::Status status = domain::ValidateTemplate(subject.text_template);
    if (!status.ok()) violations.Add("template", status);
  }
  if (!request.recipient().empty()) {
    ASSIGN_OR_RETURN(const auto account, call.env.accounts.Get(call.account_id()));
    auto address =
        domain::NormalizeAddress(request.recipient(), account->default_region, call.env.phones);
    if (address.ok()) {
      subject.recipient = *std::move(address);
    } else {
      violations.Add("recipient", address.status());
    }
  }
  RETURN_IF_ERROR(violations.ToStatus());
  return subject;
}

// The recipient's route; without a recipient, the channel's first. Null: there is none.
const dispatch::Route* FindRoute(const CallContext& call, const Campaign& campaign,
                                 const std::string& recipient) {
  const dispatch::RouteTable& routes = call.env.routes;
  if (!recipient.empty()) {
    const auto id = routes.Pick(campaign.channel, recipient);
    return id.has_value() ? routes.Find(*id) : nullptr;
  }
  for (const dispatch::Route& route : routes.routes()) {
    if (route.options.channel == campaign.channel) return &route;
  }
  return nullptr;
}

// An estimate in the making.
class Estimate {
 public:
  Estimate(const CallContext& call, const Campaign& campaign, v1::CampaignEstimate* response)
      : call_(call), campaign_(campaign), response_(response) {
    for (int i = 0; i < kSegmentsCounted; ++i) response->add_messages_by_segments(0);
  }

  void Add(const domain::Message& message) {
    int32_t segments = 1;
    if (campaign_.channel == "sms") {
      const domain::SmsSize size = domain::MeasureSms(message.text);
      segments = size.segments;
      if (size.coding == domain::SmsCoding::kUcs2) {
        response_->set_unicode_messages(response_->unicode_messages() + 1);
      }
    }
    const int index = std::min(segments, kSegmentsCounted) - 1;
    response_->set_messages_by_segments(index, response_->messages_by_segments(index) + 1);
    response_->set_messages(response_->messages() + 1);
    response_->set_segments(response_->segments() + segments);
    response_->set_cost_micros(response_->cost_micros() +
                               segments * call_.env.routes.PriceMicros(message.route_id));
    if (IsIncomplete(message)) {
      response_->set_messages_with_missing_values(response_->messages_with_missing_values() + 1);
    }
    if (message.text.size() > longest_bytes_) {
      longest_bytes_ = message.text.size();
      response_->set_longest_message_id(message.id);
    }
  }

  void Finish() {
    response_->set_currency(call_.env.currency);
    if (campaign_.rate.limit == 0) return;
    const int64_t units = campaign_.rate.unit == domain::RateUnit::kSegments
                              ? response_->segments()
                              : response_->messages();
    DurationToProto(campaign_.rate.period * units / campaign_.rate.limit,
                    response_->mutable_duration_at_rate());
  }

 private:
  // Whether its text is the template's, and the template wants more than it has.
  bool IsIncomplete(const domain::Message& message) const {
    const std::string& text = campaign_.template_text;
    return !domain::ListMissing(text, message.fields).empty() &&
           message.text == domain::Render(text, message.fields, campaign_.missing_values);
  }

  const CallContext& call_;
  const Campaign& campaign_;
  v1::CampaignEstimate* const response_;
  size_t longest_bytes_ = 0;
};

// One of the places for estimates: they read much.
class Place {
 public:
  Place() : is_taken_(taken_.fetch_add(1) < kEstimatesMax) {}
  ~Place() { taken_.fetch_sub(1); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  bool is_taken() const { return is_taken_; }

 private:
  static inline std::atomic<int> taken_{0};
  const bool is_taken_;
};

}  // namespace

absl::Status PreviewMessage(const CallContext& call, const v1::PreviewMessageRequest& request,
                            v1::MessagePreview* response) {
  ASSIGN_OR_RETURN(const auto campaign, FindCampaign(call, request.campaign_id()));
  ASSIGN_OR_RETURN(const Subject subject, ReadSubject(call, request, *campaign));
  response->set_text(
      domain::Render(subject.text_template, subject.fields, campaign->missing_values));
  response->set_segments(1);
  if (campaign->channel == "sms") {
    const domain::SmsSize size = domain::MeasureSms(response->text());
    response->set_coding(size.coding == domain::SmsCoding::kUcs2 ? "UCS-2" : "GSM-7");
    response->set_segments(size.segments);
    response->set_units(size.units);
  }
  for (std::string& name : domain::ListMissing(subject.text_template, subject.fields)) {
    response->add_missing_values(std::move(name));
  }
  if (const dispatch::Route* route = FindRoute(call, *campaign, subject.recipient)) {
    response->set_route(route->options.name);
    response->set_cost_micros(response->segments() * call.env.routes.PriceMicros(route->id));
    response->set_currency(call.env.currency);
  }
  return absl::OkStatus();
}

absl::Status EstimateCampaign(const CallContext& call, const v1::EstimateCampaignRequest& request,
                              v1::CampaignEstimate* response) {
  ASSIGN_OR_RETURN(const auto campaign, FindCampaign(call, request.campaign_id()));
  const Place place;
  if (!place.is_taken()) {
    return absl::ResourceExhaustedError("other estimates are under way: try again in a moment");
  }
  Estimate estimate(call, *campaign, response);
  const storage::ExportFilter filter{
      .campaign_id = campaign->id, .states = {domain::MessageState::kAccepted}, .with_text = true};
  const absl::Time end = call.now() + kEstimateTimeMax;
  int64_t after_id = 0;
  do {
    if (call.now() > end) {
      return absl::DeadlineExceededError("the campaign has too many messages to be estimated");
    }
    ASSIGN_OR_RETURN(const storage::MessagePage page,
                     call.env.store.ExportMessages(filter, after_id, kPageSize));
    for (const domain::Message& message : page.messages) estimate.Add(message);
    after_id = page.next_after_id;
  } while (after_id != 0);
  estimate.Finish();
  return absl::OkStatus();
}

}  // namespace campaigner::services

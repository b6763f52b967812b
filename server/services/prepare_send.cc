#include "server/services/prepare_send.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/domain/email.h"
#include "server/domain/errors/resources.h"
#include "server/domain/json_number.h"
#include "server/domain/segments.h"
#include "server/domain/template.h"
#include "server/services/convert/fields.h"
#include "server/services/convert/time.h"
#include "server/services/request_id.h"

namespace campaigner::services {
namespace {

namespace limits = base::limits;

// One pass over a request. The names of fields are only put together when something is wrong.
class Preparation {
 public:
  Preparation(const Environment& env, const rpc::Caller& caller,
              const v1::SendMessagesRequest& request, absl::Time now)
      : env_(env), caller_(caller), request_(request), now_(now) {}

  absl::Status Run(storage::AcceptBatch* batch, v1::SendMessagesResponse* response) {
    ASSIGN_OR_RETURN(account_, env_.accounts.Get(caller_.account_id()));
    const int count = request_.messages_size();
    if (count == 0) violations_.Add("messages", "must not be empty");
    if (static_cast<size_t>(count) > limits::kMessagesPerSendMax) {
      violations_.Add("messages", fmt::format("must be at most {}", limits::kMessagesPerSendMax));
    }
    CheckRequestId(request_.request_id(), violations_);
    RETURN_IF_ERROR(violations_.ToStatus());

    batch->messages.resize(static_cast<size_t>(count));
    response->mutable_messages()->Reserve(count);
    for (index_ = 0; index_ < count; ++index_) {
      RETURN_IF_ERROR(Add(request_.messages(index_), batch->messages[static_cast<size_t>(index_)],
                          *response->add_messages()));
    }
    return violations_.ToStatus();
  }

 private:
  void Violate(std::string_view name, std::string_view description) {
    violations_.Add(fmt::format("messages[{}].{}", index_, name), description);
  }

  // An error only where the whole request ends; a bad field becomes a violation.
  absl::Status Add(const v1::NewMessage& proto, domain::NewMessage& message,
                   v1::SentMessage& sent) {
    const int64_t campaign_id =
        proto.campaign_id() != 0 ? proto.campaign_id() : request_.campaign_id();
    if (campaign_id <= 0) {
      Violate("campaign_id", "is required where the request names none");
      return absl::OkStatus();
    }
    if (campaign_ == nullptr || campaign_->id != campaign_id) {
      RETURN_IF_ERROR(FindCampaign(campaign_id));
    }
    message.campaign_id = campaign_id;
    message.template_version = campaign_->template_version;
    ReadRecipient(proto, message);
    ReadFields(proto, message);
    ReadExternalId(proto, message);
    ReadScheduleTime(proto, message);
    ReadText(proto, message, sent);
    return CheckAnswerSize();
  }

  absl::Status FindCampaign(int64_t campaign_id) {
    ASSIGN_OR_RETURN(campaign_, env_.store.GetCampaign(campaign_id));
    if (campaign_->account_id != caller_.account_id()) {
      return domain::errors::CampaignNotFound(campaign_id);
    }
    const auto& keys = campaign_->api_key_ids;
    if (!keys.empty() && std::find(keys.begin(), keys.end(), caller_.key.id) == keys.end()) {
      return domain::errors::CampaignKeyDenied(campaign_id);
    }
    is_sms_ = campaign_->channel == "sms";
    is_email_ = campaign_->channel == "email";
    return absl::OkStatus();
  }

  void ReadRecipient(const v1::NewMessage& proto, domain::NewMessage& message) {
    if (proto.recipient().empty()) return Violate("recipient", "is required");
    absl::StatusOr<std::string> address =
        is_email_ ? domain::NormalizeEmail(proto.recipient())
                  : env_.phones.Normalize(proto.recipient(), account_->default_region);
    if (!address.ok()) return Violate("recipient", base::ToStd(address.status().message()));
    message.recipient = *std::move(address);
    const std::optional<int64_t> route = env_.routes.Pick(campaign_->channel, message.recipient);
    if (!route) return Violate("recipient", "is not carried by any route");
    message.route_id = *route;
  }

  void ReadFields(const v1::NewMessage& proto, domain::NewMessage& message) {
    if (proto.fields().empty()) return;
    CheckFields(proto.fields(), [this](std::string_view path, std::string_view description) {
      Violate(path, description);
    });
    message.fields.insert(proto.fields().begin(), proto.fields().end());
  }

  void ReadExternalId(const v1::NewMessage& proto, domain::NewMessage& message) {
    const std::string& id = proto.external_id();
    if (id.empty()) {
      if (proto.external_id_is_number()) Violate("external_id", "is required, and a number");
      return;
    }
    CheckText("external_id", id, limits::kExternalIdCharsMax);
    if (proto.external_id_is_number() && !domain::IsJsonNumber(id)) {
      Violate("external_id", "is not a number as JSON writes it");
    }
    // A webhook names a message by this id alone. Only within a request: across requests it is the
    // caller's business.
    if (request_.messages_size() > 1 &&
        !external_ids_.emplace(message.campaign_id, base::ToAbsl(id)).second) {
      Violate("external_id", "is the same as an earlier message's");
    }
    message.external_id = id;
    message.external_id_is_number = proto.external_id_is_number();
  }

  void ReadScheduleTime(const v1::NewMessage& proto, domain::NewMessage& message) {
    if (!proto.has_schedule_time()) return;
    const absl::StatusOr<absl::Time> time = TimeFromProto(proto.schedule_time());
    if (!time.ok()) return Violate("schedule_time", base::ToStd(time.status().message()));
    if (*time > now_ + limits::kScheduleAheadMax) {
      return Violate("schedule_time", "must be at most a year ahead");
    }
    if (*time > now_) message.schedule_time = *time;
  }

  void ReadText(const v1::NewMessage& proto, domain::NewMessage& message, v1::SentMessage& sent) {
    if (proto.has_text()) {
      if (proto.text().empty()) return Violate("text", "must not be empty");
      CheckText("text", proto.text(), limits::kTextCharsMax);
      message.text = proto.text();
      sent.set_text(proto.text());
    } else if (campaign_->template_text.empty()) {
      return Violate("text", "is required: the campaign has no template");
    } else if (CheckMissing(message)) {
      RenderText(message, sent);
    }
    text_bytes_ += sent.text().size();
    message.segments = is_sms_ ? domain::MeasureSms(sent.text()).segments : 1;
    message.cost_micros = message.segments * PriceOf(message.route_id);
    sent.set_segments(message.segments);
    sent.set_message_attempts(campaign_->message_attempts);
  }

  bool CheckMissing(const domain::NewMessage& message) {
    if (campaign_->missing_values != domain::MissingValues::kReject) return true;
    const auto missing = domain::ListMissing(campaign_->template_text, message.fields);
    for (const std::string& name : missing) {
      Violate(FieldPath(name), "is required: the campaign's template wants it");
    }
    return missing.empty();
  }

  void RenderText(const domain::NewMessage& message, v1::SentMessage& sent) {
    sent.set_text(
        domain::Render(campaign_->template_text, message.fields, campaign_->missing_values));
    if (sent.text().empty()) {
      Violate("text", "is required: these fields leave nothing of the campaign's template");
    } else if (domain::IsTextTooLong(sent.text())) {
      Violate("text", fmt::format("would have more than {} characters with these fields",
                                  limits::kTextCharsMax));
    }
  }

  int64_t PriceOf(int64_t route_id) {
    if (route_id != priced_route_id_) {
      priced_route_id_ = route_id;
      price_micros_ = env_.routes.PriceMicros(route_id);
    }
    return price_micros_;
  }

  void CheckText(const char* name, std::string_view text, size_t chars_max) {
    if (const std::string problem = TextProblem(text, chars_max); !problem.empty()) {
      Violate(name, problem);
    }
  }

  // A short request may ask for a long answer, by a long template.
  absl::Status CheckAnswerSize() {
    if (text_bytes_ <= limits::kSendTextBytesMax) return absl::OkStatus();
    violations_.Add("messages", fmt::format("have more than {} MiB of text: send fewer at a time",
                                            limits::kSendTextBytesMax >> 20));
    return violations_.ToStatus();
  }

  const Environment& env_;
  const rpc::Caller& caller_;
  const v1::SendMessagesRequest& request_;
  const absl::Time now_;
  std::shared_ptr<const domain::Account> account_;
  // That of the message before: mostly that of the next too.
  std::shared_ptr<const domain::Campaign> campaign_;
  bool is_sms_ = false;
  bool is_email_ = false;
  // The same for its route.
  int64_t priced_route_id_ = 0;
  int64_t price_micros_ = 0;
  int index_ = 0;
  size_t text_bytes_ = 0;
  absl::flat_hash_set<std::pair<int64_t, absl::string_view>> external_ids_;
  Violations violations_;
};

}  // namespace

absl::Status PrepareSend(const Environment& env, const rpc::Caller& caller,
                         const v1::SendMessagesRequest& request, storage::AcceptBatch* batch,
                         v1::SendMessagesResponse* response) {
  const absl::Time now = env.clock.Now();
  RETURN_IF_ERROR(Preparation(env, caller, request, now).Run(batch, response));
  batch->account_id = caller.account_id();
  batch->now = now;
  if (!request.request_id().empty()) {
    batch->request_id = request.request_id();
    batch->request_hash = HashRequest(request);
  }
  return absl::OkStatus();
}

}  // namespace campaigner::services

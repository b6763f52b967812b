#include "gateway/receipts/receipts.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "gateway/errors.h"
#include "gateway/http/uri.h"
#include "gateway/native/binding.h"
#include "server/base/limits.h"
#include "server/base/text.h"

namespace campaigner::gateway::receipts {
namespace {

using Parsed = std::variant<std::optional<v1::DeliveryReport>, http::Response>;

std::string Detail(const http::Parameters& parameters, std::string_view name) {
  return base::Printable(http::FindParameter(parameters, name).value_or(std::string_view()),
                         base::limits::kProviderDetailBytesMax);
}

// STATE_UNSPECIFIED: a known step that means nothing to us. Nothing: not a type of Kannel's.
std::optional<v1::Message::State> KannelState(std::string_view type) {
  if (type == "1") return v1::Message::DELIVERED;
  if (type == "2") return v1::Message::UNDELIVERED;
  if (type == "4" || type == "32") return v1::Message::STATE_UNSPECIFIED;
  if (type == "8") return v1::Message::SENT;
  if (type == "16") return v1::Message::REJECTED;
  return std::nullopt;
}

Parsed ParseKannel(std::string_view type, const http::Parameters& parameters) {
  const std::optional<v1::Message::State> state = KannelState(type);
  if (!state) return NativeHttpError(400, "type is none of 1, 2, 4, 8, 16, 32");
  if (*state == v1::Message::STATE_UNSPECIFIED) return std::nullopt;
  v1::DeliveryReport report;
  report.set_state(*state);
  report.set_detail(Detail(parameters, "answer"));
  report.set_provider_message_id(Detail(parameters, "id"));
  return report;
}

http::Response Taken() {
  http::Response answer;
  answer.body = "{}";
  return answer;
}

}  // namespace

Parsed ParseReceipt(const http::Request& request) {
  const auto parameters = http::ParseQuery(request.query());
  if (!parameters) return NativeHttpError(400, "broken query");
  if (const auto type = http::FindParameter(*parameters, "type")) {
    return ParseKannel(*type, *parameters);
  }
  v1::DeliveryReport report;
  absl::Status status = native::ParseJson(request.body, report);
  if (status.ok()) status = native::BindParameters(*parameters, report);
  if (!status.ok()) return NativeError(status);
  if (report.state() == v1::Message::STATE_UNSPECIFIED) {
    return NativeHttpError(400, "state is missing");
  }
  return report;
}

std::vector<http::Route> ReceiptRoutes(Batcher& batcher) {
  const auto serve = [&batcher](const http::Request& request, http::Responder respond) {
    Parsed parsed = ParseReceipt(request);
    if (auto* refusal = std::get_if<http::Response>(&parsed)) return respond(std::move(*refusal));
    auto& report = std::get<0>(parsed);
    if (!report) return respond(Taken());
    const std::string_view reference = request.Variable("reference");
    if (!base::IsValidUtf8(reference)) return respond(NativeHttpError(403, "not our reference"));
    report->set_reference(std::string(reference));
    batcher.Report(*std::move(report),
                   [respond = std::move(respond)](const absl::Status& status) mutable {
                     respond(status.ok() ? Taken() : NativeError(status));
                   });
  };
  constexpr const char* kPattern = "/receipts/v1/{provider}/{reference}";
  return {{"GET", kPattern, serve, NativeHttpError}, {"POST", kPattern, serve, NativeHttpError}};
}

}  // namespace campaigner::gateway::receipts

#include <fmt/format.h>

#include "server/base/limits.h"
#include "server/domain/errors/resources.h"
#include "server/services/convert/message.h"
#include "server/services/messages.h"

namespace campaigner::services {

void ReportDelivery(CallContext call, const v1::ReportDeliveryRequest& request,
                    v1::ReportDeliveryResponse* response, rpc::Done done) {
  const absl::Time now = call.now();
  const int count = request.reports_size();
  Violations violations;
  if (count == 0) violations.Add("reports", "must not be empty");
  if (count > base::limits::kDeliveryReportsMax) {
    violations.Add("reports", fmt::format("must be at most {}", base::limits::kDeliveryReportsMax));
    return done(violations.ToStatus());
  }
  std::vector<storage::ReceiptRecord> receipts;
  for (int i = 0; i < count; ++i) {
    storage::ReceiptRecord receipt = ReportFromProto(request.reports(i), i, now, violations);
    const auto referred = call.env.references.Verify(request.reports(i).reference());
    if (!referred.ok()) continue;
    receipt.message_id = referred->message_id;
    receipt.round = referred->round;
    receipts.push_back(std::move(receipt));
  }
  if (!violations.empty()) return done(violations.ToStatus());
  if (receipts.empty()) return done(domain::errors::ReferenceInvalid());

  const int forged = count - static_cast<int>(receipts.size());
  call.env.store.ApplyReceipts(std::move(receipts), now,
                               [response, forged, done = std::move(done)](
                                   absl::StatusOr<storage::ReceiptsApplied> applied) mutable {
                                 if (!applied.ok()) return done(std::move(applied).status());
                                 response->set_applied(applied->applied);
                                 response->set_ignored(applied->ignored + forged);
                                 done(absl::OkStatus());
                               });
}

}  // namespace campaigner::services

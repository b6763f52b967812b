#include "server/register_operations.h"

#include <utility>

#include "server/operations/erase_job.h"
#include "server/operations/retry_job.h"
#include "server/services/convert/import_format.h"

namespace campaigner {
namespace {

using domain::Operation;
using domain::OperationKind;
using operations::Wake;

// How often uploads are looked through for those that nobody uses any more.
constexpr absl::Duration kUploadsInterval = absl::Minutes(1);

}  // namespace

void RegisterOperations(const OperationParts& parts, operations::Runner& runner) {
  const imports::ImportContext import_context{.store = parts.store,
                                              .clock = parts.clock,
                                              .routes = parts.routes,
                                              .phones = parts.phones,
                                              .uploads = parts.uploads,
                                              .metrics = parts.import_metrics,
                                              .read_format = services::FormatFromBytes};
  runner.Register(OperationKind::kImport, [import_context](const Operation& operation, Wake wake) {
    return imports::ImportJob::Make(import_context, operation, std::move(wake));
  });
  const operations::RetryContext retry_context{
      .store = parts.store, .clock = parts.clock, .pick_route = parts.routes.Picker()};
  runner.Register(OperationKind::kRetry,
                  [retry_context](const Operation& operation, const Wake& /*wake*/) {
                    return operations::RetryJob::Make(retry_context, operation);
                  });
  const operations::EraseContext erase_context{
      .store = parts.store,
      .clock = parts.clock,
      .phones = parts.phones,
      .delete_upload = [&uploads = parts.uploads](int64_t account_id, int64_t upload_id) {
        return uploads.Delete(account_id, upload_id);
      }};
  runner.Register(OperationKind::kErase,
                  [erase_context](const Operation& operation, const Wake& /*wake*/) {
                    return operations::EraseJob::Make(erase_context, operation);
                  });
  runner.AddChore("remove_unused_uploads", kUploadsInterval,
                  [&uploads = parts.uploads](absl::Time now) { return uploads.RemoveUnused(now); });
}

}  // namespace campaigner

#pragma once

#include "server/base/clock.h"
#include "server/dispatch/routes.h"
#include "server/domain/phone.h"
#include "server/imports/import_job.h"
#include "server/imports/uploads.h"
#include "server/operations/runner.h"
#include "server/storage/store.h"

namespace campaigner {

// What long work needs; all of it must outlive the runner.
struct OperationParts {
  storage::Store& store;
  base::Clock& clock;
  const dispatch::RouteTable& routes;
  const domain::PhoneNormalizer& phones;
  imports::Uploads& uploads;
  imports::ImportMetrics& import_metrics;
};

// Tells the runner how jobs of every kind are made, and what it sees to now and then. Before it
// starts.
void RegisterOperations(const OperationParts& parts, operations::Runner& runner);

}  // namespace campaigner

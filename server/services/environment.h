#pragma once

#include <grpcpp/server_context.h>

#include <string>

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/dispatch/outlook.h"
#include "server/dispatch/routes.h"
#include "server/domain/phone.h"
#include "server/domain/reference.h"
#include "server/imports/uploads.h"
#include "server/net/address.h"
#include "server/operations/rates.h"
#include "server/operations/runner.h"
#include "server/rpc/auth.h"
#include "server/rpc/call_runner.h"
#include "server/rpc/executor.h"
#include "server/rpc/key_rates.h"
#include "server/rpc/page_token.h"
#include "server/services/account_cache.h"
#include "server/services/account_places.h"
#include "server/services/live_calls.h"
#include "server/services/operation_hub.h"
#include "server/services/progress_hub.h"
#include "server/services/watch_hub.h"
#include "server/storage/store.h"

namespace campaigner::services {

// What the services work with. Everything outlives every call.
struct Environment {
  storage::Store& store;
  const base::Clock& clock;
  const dispatch::RouteTable& routes;
  const dispatch::OutlookBoard& outlook;
  const domain::PhoneNormalizer& phones;
  const domain::ReferenceSigner& references;
  const rpc::PageTokens& page_tokens;
  const std::string& default_region;
  // Of the routes' prices; may be empty.
  const std::string& currency;
  // To which webhooks may go though they are not public.
  const net::NetworkList& webhook_networks;
  rpc::CallRunner& calls;
  // For calls that wait for the disk, and for sends, which never do.
  rpc::Executor& call_executor;
  rpc::Executor& send_executor;
  rpc::KeyRates& key_rates;
  AccountCache& accounts;
  WatchHub& watch_hub;
  ProgressHub& progress_hub;
  LiveCalls& live_calls;
  imports::Uploads& uploads;
  operations::Rates& operation_rates;
  const operations::Runner& operation_runner;
  OperationHub& operation_hub;
  AccountPlaces& estimate_places;
};

// One call, as its handler sees it.
struct CallContext {
  const Environment& env;
  // Empty in calls that need no key.
  rpc::Caller caller;
  // When it arrived.
  absl::Time arrival;
  // Null where the call is no unary one.
  const grpc::ServerContextBase* transport = nullptr;

  int64_t account_id() const { return caller.account_id(); }
  absl::Time now() const { return env.clock.Now(); }
  // Nobody waits for the answer any more: also at the call's deadline.
  bool is_cancelled() const { return transport != nullptr && transport->IsCancelled(); }
};

}  // namespace campaigner::services

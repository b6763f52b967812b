#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "server/base/clock.h"
#include "server/domain/account.h"
#include "server/rpc/auth.h"
#include "server/rpc/call_metrics.h"
#include "server/rpc/executor.h"

namespace campaigner::rpc {

// Ends a call. Must be called once, from any thread; a call whose Done is dropped ends INTERNAL.
using Done = absl::AnyInvocable<void(absl::Status)>;

// Logs a failed call: one line, without what the caller sent.
void LogFailedCall(const char* method, const Caller* caller, const absl::Status& status);

// Carries unary calls from gRPC's threads to an executor and back: overload, cancellation,
// authentication, exceptions, the log of failures and the counters are dealt with here, so that a
// handler only does its own work. Thread-safe.
class CallRunner {
 public:
  // All must outlive it.
  CallRunner(const Authenticator& authenticator, CallMetrics& metrics, const base::Clock& clock)
      : authenticator_(authenticator), metrics_(metrics), clock_(clock) {}

  // What a call does, on a thread of the executor. It may call `done` later, from elsewhere.
  using Work = absl::AnyInvocable<void(Caller caller, Done done)>;
  // Whether the work is so short, and does so surely not block, that gRPC's thread may do it: to
  // hand it over would cost more. Must not block.
  using IsQuick = absl::FunctionRef<bool(const Caller& caller)>;

  // `method`: a string literal. `scope`: what the key must have; nullopt: no key is needed, and the
  // caller is empty. UNAVAILABLE at once where the executor is full.
  grpc::ServerUnaryReactor* Run(const char* method, Executor& executor,
                                std::optional<domain::Scope> scope,
                                grpc::CallbackServerContext* context, Work work);
  // The same, at once where the caller is known already and `is_quick`.
  grpc::ServerUnaryReactor* RunQuickly(const char* method, Executor& executor, domain::Scope scope,
                                       grpc::CallbackServerContext* context, IsQuick is_quick,
                                       Work work);

  const Authenticator& authenticator() const { return authenticator_; }
  CallMetrics& metrics() { return metrics_; }

 private:
  class Call;

  static void Post(std::shared_ptr<Call> call, Executor& executor,
                   std::optional<domain::Scope> scope, Work work);

  const Authenticator& authenticator_;
  CallMetrics& metrics_;
  const base::Clock& clock_;
};

}  // namespace campaigner::rpc

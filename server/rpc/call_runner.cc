#include "server/rpc/call_runner.h"

#include <atomic>
#include <exception>
#include <memory>

#include "server/base/error.h"
#include "server/base/log.h"
#include "server/domain/errors/requests.h"
#include "server/rpc/status.h"

namespace campaigner::rpc {
namespace {

namespace errors = domain::errors;

bool IsOurFault(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kDataLoss ||
         code == absl::StatusCode::kUnknown || code == absl::StatusCode::kUnavailable;
}

}  // namespace

void LogFailedCall(const char* method, const Caller* caller, const absl::Status& status) {
  const auto level = IsOurFault(status.code()) ? base::LogLevel::kWarning : base::LogLevel::kInfo;
  if (!base::IsLogged(level)) return;
  const base::ErrorDetail detail = base::GetErrorDetail(status);
  const std::string field = detail.violations.empty() ? "" : detail.violations[0].field;
  base::Log(level, "rpc_failed",
            {{"method", method},
             {"code", absl::StatusCodeToString(status.code())},
             {"reason", detail.reason},
             {"field", field},
             {"account", caller == nullptr ? 0 : caller->account_id()},
             {"key", caller == nullptr ? 0 : caller->key.id}});
}

// One call on its way. Shared by the work and its Done; whoever comes first ends it.
class CallRunner::Call {
 public:
  Call(CallRunner& runner, const char* method, grpc::CallbackServerContext* context)
      : runner_(runner), method_(method), context_(context), reactor_(context->DefaultReactor()) {}
  ~Call() {
    if (!is_finished_) Finish(errors::Internal("a call was dropped"));
  }

  grpc::ServerUnaryReactor* reactor() { return reactor_; }

  void Finish(const absl::Status& status) {
    if (is_finished_.exchange(true)) return;
    runner_.metrics_.Count(method_, status.code());
    if (!status.ok()) LogFailedCall(method_, &caller_, status);
    reactor_->Finish(ToGrpcStatus(status));
  }

  // Fills in the caller.
  absl::Status Admit(std::optional<domain::Scope> scope) {
    // The deadline counts too: it cancels the call.
    if (context_->IsCancelled()) return absl::CancelledError("the caller waits no longer");
    if (!scope) return absl::OkStatus();
    auto caller = runner_.authenticator_.Check(runner_.authenticator_.ReadCredentials(*context_),
                                               *scope, runner_.clock_.Now());
    if (!caller.ok()) return caller.status();
    caller_ = *std::move(caller);
    return absl::OkStatus();
  }

  // The same without blocking. False: Admit must tell.
  bool AdmitFromMemory(domain::Scope scope) {
    if (context_->IsCancelled()) return false;
    auto caller = runner_.authenticator_.CheckInMemory(
        runner_.authenticator_.ReadCredentials(*context_), scope, runner_.clock_.Now());
    if (!caller) return false;
    caller_ = *std::move(caller);
    return true;
  }

  // Afterwards. On any thread.
  static void Do(const std::shared_ptr<Call>& call, Work& work) {
    work(call->caller_, [call](const absl::Status& status) { call->Finish(status); });
  }

  const Caller& caller() const { return caller_; }

 private:
  CallRunner& runner_;
  const char* const method_;
  grpc::CallbackServerContext* const context_;
  grpc::ServerUnaryReactor* const reactor_;
  Caller caller_;
  std::atomic<bool> is_finished_ = false;
};

grpc::ServerUnaryReactor* CallRunner::Run(const char* method, Executor& executor,
                                          std::optional<domain::Scope> scope,
                                          grpc::CallbackServerContext* context, Work work) {
  auto call = std::make_shared<Call>(*this, method, context);
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  Post(std::move(call), executor, scope, std::move(work));
  return reactor;
}

grpc::ServerUnaryReactor* CallRunner::RunQuickly(const char* method, Executor& executor,
                                                 domain::Scope scope,
                                                 grpc::CallbackServerContext* context,
                                                 IsQuick is_quick, Work work) {
  auto call = std::make_shared<Call>(*this, method, context);
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  try {
    if (call->AdmitFromMemory(scope) && is_quick(call->caller())) {
      Call::Do(call, work);
    } else {
      Post(call, executor, scope, std::move(work));
    }
  } catch (const std::exception& exception) {
    call->Finish(errors::Internal(exception.what()));
  }
  return reactor;
}

void CallRunner::Post(std::shared_ptr<Call> call, Executor& executor,
                      std::optional<domain::Scope> scope, Work work) {
  Executor::Task task = [call, scope, work = std::move(work)]() mutable {
    try {
      if (absl::Status status = call->Admit(scope); !status.ok()) return call->Finish(status);
      Call::Do(call, work);
    } catch (const std::exception& exception) {
      call->Finish(errors::Internal(exception.what()));
    }
  };
  if (!executor.TryPost(std::move(task))) call->Finish(errors::Overloaded());
}

}  // namespace campaigner::rpc

#include "server/net/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "server/base/thread_annotations.h"
#include "server/net/multi_poller.h"
#include "server/net/redact.h"
#include "server/net/request_check.h"
#include "server/net/transfer.h"
#include "server/net/waiting_room.h"

namespace campaigner::net {
namespace {

// How often those waiting are looked through for expired ones; libcurl watches the active ones.
constexpr std::chrono::milliseconds kExpiryInterval(50);
constexpr std::chrono::milliseconds kIdle(60'000);

CURLM* MakeMulti() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  return curl_multi_init();
}

class CurlHttpClient final : public HttpClient {
 public:
  explicit CurlHttpClient(HttpClientOptions options)
      : options_(std::move(options)),
        guard_{options_.guard_addresses, options_.allowed_networks},
        waiting_(options_.connections_max, options_.connections_per_host_max) {
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.connections_max));
    curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                      static_cast<long>(options_.connections_max));
    thread_ = std::thread([this] { Run(); });
  }

  ~CurlHttpClient() override { Stop(); }

  void Send(HttpRequest request, Done done) override {
    const SteadyTime now = std::chrono::steady_clock::now();
    absl::StatusOr<std::string> destination = CheckRequest(request);
    if (!destination.ok()) {
      Refuse(HttpFailure::kInvalidRequest, std::string(destination.status().message()), request,
             std::move(done));
      return;
    }
    if (count_.fetch_add(1) >= options_.requests_max) {
      count_.fetch_sub(1);
      Refuse(HttpFailure::kOverloaded, "too many requests are waiting", request, std::move(done));
      return;
    }
    auto transfer = std::make_unique<Transfer>(std::move(request), std::move(done),
                                               *std::move(destination), now);
    if (!Enqueue(transfer)) {
      count_.fetch_sub(1);
      HttpResult result = transfer->BreakOff("the client has stopped");
      result.failure = HttpFailure::kOverloaded;
      transfer->Finish(std::move(result), options_.exchange_log.get(), now);
    }
  }

  void Stop() override {
    {
      base::MutexLock lock(mutex_);
      is_stopped_ = true;
    }
    const std::lock_guard<std::mutex> once(join_mutex_);
    if (!thread_.joinable()) return;
    poller_.Wake();
    thread_.join();
    // Closing connections still tells the poller of their sockets.
    curl_multi_cleanup(multi_);
  }

 private:
  // False, with `transfer` untouched, once stopped.
  bool Enqueue(std::unique_ptr<Transfer>& transfer) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    if (is_stopped_) return false;
    inbox_.push_back(std::move(transfer));
    // The thread takes the inbox as a whole, so only the first of a heap has to wake it. Under the
    // lock, so that Stop cannot clean up in between.
    if (inbox_.size() == 1) poller_.Wake();
    return true;
  }

  void Refuse(HttpFailure failure, const std::string& error, const HttpRequest& request,
              Done done) {
    HttpResult result{.failure = failure, .error = Redact(error, request.secrets), .response = {}};
    if (options_.exchange_log) {
      options_.exchange_log->Write(request, result, absl::ZeroDuration());
    }
    done(std::move(result));
  }

  void Run() {
    while (TakeInbox()) {
      StartWaiting();
      poller_.Poll(waiting_.size() > 0 ? kExpiryInterval : kIdle);
      Collect();
    }
    EndAll();
  }

  // False once stopped; what is in the inbox then is for EndAll.
  bool TakeInbox() EXCLUDES(mutex_) {
    std::vector<std::unique_ptr<Transfer>> taken;
    {
      base::MutexLock lock(mutex_);
      if (is_stopped_) return false;
      std::swap(taken, inbox_);
    }
    for (auto& transfer : taken) waiting_.Add(std::move(transfer));
    return true;
  }

  void StartWaiting() {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now >= next_expiry_) {
      next_expiry_ = now + kExpiryInterval;
      for (auto& transfer : waiting_.TakeExpired(now)) {
        Finish(*transfer, transfer->BreakOff("timed out waiting for a free connection"));
      }
    }
    while (std::unique_ptr<Transfer> transfer = waiting_.Next()) Start(std::move(transfer), now);
  }

  void Start(std::unique_ptr<Transfer> transfer, SteadyTime now) {
    CURL* easy = nullptr;
    if (idle_.empty()) {
      easy = curl_easy_init();
    } else {
      easy = idle_.back();
      idle_.pop_back();
    }
    transfer->Attach(easy, guard_, on_connected_, now);
    if (!options_.ca_file.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    }
    active_.emplace(easy, std::move(transfer));
    curl_multi_add_handle(multi_, easy);
  }

  void Collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* const easy = message->easy_handle;
      const CURLcode code = message->data.result;  // Gone with the removal.
      const auto found = active_.find(easy);
      const std::unique_ptr<Transfer> transfer = std::move(found->second);
      active_.erase(found);
      HttpResult result = transfer->Conclude(code);
      Release(easy);
      waiting_.Leave(transfer->destination(), transfer->was_connected());
      Finish(*transfer, std::move(result));
    }
  }

  // Connections and resolved names stay with the multi handle.
  void Release(CURL* easy) {
    curl_multi_remove_handle(multi_, easy);
    curl_easy_reset(easy);
    idle_.push_back(easy);
  }

  void Finish(Transfer& transfer, HttpResult result) {
    count_.fetch_sub(1);
    transfer.Finish(std::move(result), options_.exchange_log.get(),
                    std::chrono::steady_clock::now());
  }

  void EndAll() EXCLUDES(mutex_) {
    const std::string why = "the client was stopped";
    for (auto& [easy, transfer] : active_) {
      HttpResult result = transfer->BreakOff(why);
      Release(easy);
      Finish(*transfer, std::move(result));
    }
    active_.clear();
    for (CURL* const easy : idle_) curl_easy_cleanup(easy);
    for (auto& transfer : waiting_.TakeExpired(SteadyTime::max())) {
      Finish(*transfer, transfer->BreakOff(why));
    }
    std::vector<std::unique_ptr<Transfer>> inbox;
    {
      base::MutexLock lock(mutex_);
      std::swap(inbox, inbox_);
    }
    for (auto& transfer : inbox) Finish(*transfer, transfer->BreakOff(why));
  }

  const HttpClientOptions options_;
  const AddressGuard guard_;
  CURLM* const multi_ = MakeMulti();
  MultiPoller poller_{multi_};
  // Requests between Send and Done.
  std::atomic<int> count_ = 0;
  base::Mutex mutex_;
  std::vector<std::unique_ptr<Transfer>> inbox_ GUARDED_BY(mutex_);
  bool is_stopped_ GUARDED_BY(mutex_) = false;

  // Of the thread alone.
  WaitingRoom waiting_;
  const Transfer::OnConnected on_connected_ = [this](const std::string& destination) {
    waiting_.Connected(destination);
  };
  SteadyTime next_expiry_{};
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> active_;
  std::vector<CURL*> idle_;

  std::mutex join_mutex_;  // Between callers of Stop.
  std::thread thread_;
};

}  // namespace

std::unique_ptr<HttpClient> MakeHttpClient(HttpClientOptions options) {
  return std::make_unique<CurlHttpClient>(std::move(options));
}

}  // namespace campaigner::net

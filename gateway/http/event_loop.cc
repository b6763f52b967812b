#include "gateway/http/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "gateway/limits.h"
#include "server/base/log.h"

namespace campaigner::gateway::http {
namespace {

constexpr size_t kEventsMax = 256;
// Of a loop, for all its connections in turn.
constexpr size_t kReadBufferBytes = 64 << 10;
// Newcomers that are being told 503; more are closed without a word.
constexpr size_t kRejectsMax = 64;

// For epoll_wait: rounded up, so that it is not called twice for one deadline.
int MillisecondsUntil(Deadline deadline) {
  if (deadline == Deadline::max()) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000));
}

}  // namespace

bool EventLoop::Mail::IsEmpty() const {
  return newcomers.empty() && answers.empty() && ended_streams.empty() && resumed.empty() &&
         !wants_drain && !wants_abort;
}

EventLoop::EventLoop(LoopContext& context)
    : context_(context),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wakeup_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      writer_(context.timeouts.idle),
      buffer_(kReadBufferBytes) {
  // Edge-triggered: it is never read, each write to it is an event.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event);
  thread_ = std::thread([this] { Run(); });
}

EventLoop::~EventLoop() {
  Drain();
  Join(Deadline());
}

template <typename Change>
void EventLoop::Post(Change change) {
  {
    base::MutexLock lock(mutex_);
    change(mail_);
    if (is_awake_) return;
    is_awake_ = true;
  }
  eventfd_write(wakeup_.get(), 1);
}

void EventLoop::Add(std::unique_ptr<Transport> transport, std::string remote_address) {
  Post([&](Mail& mail) {
    mail.newcomers.push_back({std::move(transport), std::move(remote_address)});
  });
}

void EventLoop::Drain() {
  Post([](Mail& mail) { mail.wants_drain = true; });
}

void EventLoop::Join(Deadline deadline) {
  if (!thread_.joinable()) return;
  if (ended_.get_future().wait_until(deadline) == std::future_status::timeout) {
    Post([](Mail& mail) { mail.wants_abort = true; });
  }
  thread_.join();
}

void EventLoop::Run() {
  while (!is_draining_ || !connections_.empty()) {
    AwaitEvents();
    Deliver(TakeMail());
    for (Connection* connection : std::exchange(again_, {})) {
      if (!connection->is_over()) connection->OnReady();
    }
    CheckDeadlines();
    Bury();
  }
  ended_.set_value();
}

void EventLoop::AwaitEvents() {
  bool has_work = false;
  {
    base::MutexLock lock(mutex_);
    has_work = is_awake_ = !mail_.IsEmpty() || !again_.empty();
  }
  std::array<epoll_event, kEventsMax> events;
  const int timeout = has_work ? 0 : MillisecondsUntil(next_deadline_);
  const int count = epoll_wait(epoll_.get(), events.data(), kEventsMax, timeout);
  for (int i = 0; i < count; ++i) {
    auto* connection = static_cast<Connection*>(events[static_cast<size_t>(i)].data.ptr);
    if (connection != nullptr && !connection->is_over()) connection->OnReady();
  }
}

EventLoop::Mail EventLoop::TakeMail() {
  base::MutexLock lock(mutex_);
  is_awake_ = true;
  return std::exchange(mail_, {});
}

void EventLoop::Deliver(Mail mail) {
  for (Newcomer& newcomer : mail.newcomers) Admit(std::move(newcomer));
  // Before the answers: whoever has answered asks for nothing more.
  for (Connection* connection : mail.resumed) connection->OnResume();
  for (auto& [connection, response] : mail.answers) connection->OnAnswer(std::move(response));
  for (const auto& [connection, is_kept] : mail.ended_streams) connection->OnStreamEnd(is_kept);
  if (mail.wants_drain) {
    is_draining_ = true;
    for (auto& [connection, owner] : connections_) connection->Close();
  }
  if (mail.wants_abort) {
    for (auto& [connection, owner] : connections_) connection->Abort();
  }
}

void EventLoop::Admit(Newcomer newcomer) {
  if (is_draining_) return;
  const bool has_room = connections_.size() - rejects_ < context_.connections_max || MakeRoom();
  if (!has_room) {
    ++rejected_;
    if (rejects_ >= kRejectsMax) return;
    ++rejects_;
  }
  auto owner = std::make_unique<Connection>(std::move(newcomer.transport),
                                            std::move(newcomer.remote_address), context_.timeouts,
                                            *this, context_.handler);
  Connection* const connection = owner.get();
  connections_.emplace(connection, std::move(owner));
  connections_count_ = connections_.size();
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                    .data = {.ptr = connection}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection->socket(), &event);
  connection->Start(!has_room);
}

bool EventLoop::MakeRoom() {
  Connection* longest = nullptr;
  Deadline since = Deadline::max();
  for (const auto& [connection, owner] : connections_) {
    const auto idle_since = connection->IdleSince();
    if (!idle_since || *idle_since >= since) continue;
    longest = connection;
    since = *idle_since;
  }
  // What it has sent meanwhile is still answered.
  if (longest != nullptr) longest->Close();
  return longest != nullptr;
}

void EventLoop::CheckDeadlines() {
  const Deadline now = std::chrono::steady_clock::now();
  if (now < next_deadline_) return;
  next_deadline_ = Deadline::max();
  for (auto& [connection, owner] : connections_) NoteDeadline(connection->OnTime(now));
}

void EventLoop::NoteDeadline(Deadline deadline) {
  next_deadline_ = std::min(next_deadline_, deadline);
}

void EventLoop::Bury() {
  if (over_.empty()) return;
  std::erase_if(again_, [](const Connection* connection) { return connection->is_over(); });
  for (Connection* connection : over_) {
    if (connection->is_rejected()) --rejects_;
    // Its socket closes, and epoll forgets it.
    connections_.erase(connection);
  }
  over_.clear();
  connections_count_ = connections_.size();
}

Responder EventLoop::ResponderFor(Connection& connection) {
  return Responder([this, &connection](std::optional<Response> response) {
    Post([&](Mail& mail) { mail.answers.push_back({&connection, std::move(response)}); });
  });
}

// Exceptions of handlers end here: the caller learns nothing of them, and the dropped responder
// answers.
void EventLoop::Serve(Connection& connection, Request request) {
  try {
    context_.handler.Handle(std::move(request), ResponderFor(connection));
  } catch (const std::exception& error) {
    base::LogError("http_handler_failed", {{"error", error.what()}});
  }
}

std::unique_ptr<BodySink> EventLoop::OpenBody(Connection& connection, Request request) {
  Resume resume = [this, &connection] {
    Post([&](Mail& mail) { mail.resumed.push_back(&connection); });
  };
  try {
    return context_.handler.HandleStream(std::move(request), std::move(resume),
                                         ResponderFor(connection));
  } catch (const std::exception& error) {
    base::LogError("http_handler_failed", {{"error", error.what()}});
    return nullptr;
  }
}

bool EventLoop::TryRunStream(Connection& connection, Response response) {
  return context_.tasks.TryPost([this, &connection, response = std::move(response)]() mutable {
    const bool is_kept = connection.RunStream(std::move(response));
    Post([&](Mail& mail) { mail.ended_streams.push_back({&connection, is_kept}); });
  });
}

bool EventLoop::TryKeepBytes(size_t bytes) {
  if (context_.kept_bytes.fetch_add(bytes) + bytes <= limits::kKeptBytesMax) return true;
  context_.kept_bytes -= bytes;
  return false;
}

}  // namespace campaigner::gateway::http

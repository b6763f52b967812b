#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace campaigner::gateway::http {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// One request, wholly read. A plain value.
struct Request {
  std::string method;
  // Path and query as they were sent, percent-encoding included.
  std::string target;
  // In the order in which they came; names as written.
  Parameters headers;
  std::string body;
  // The client's address: the connection's, or what a trusted proxy says.
  std::string client_address;
  // What the route's variables stand for, decoded, in the pattern's order. Set by the router.
  Parameters path_variables;

  // The target without its query, still encoded.
  std::string_view path() const;
  // What follows the first "?", still encoded.
  std::string_view query() const;
  // The first header of that name (case does not matter), or nothing.
  std::optional<std::string_view> Header(std::string_view name) const;
  // The path variable of that name; empty if there is none.
  std::string_view Variable(std::string_view name) const;
};

// Takes pieces of an answer as they arise. False: the client is gone, stop.
using Sink = std::function<bool(std::string_view piece)>;

// One answer. A plain value.
struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  Parameters headers;
  // Instead of a body: called once, on a thread of its own, writes pieces to the sink until it
  // returns. The sink blocks while the client takes its time. False: the answer is not whole, and
  // the connection is cut, so that the client notices.
  std::function<bool(const Sink& sink)> stream;
};

// A Retry-After header, in whole seconds, at least one.
void SetRetryAfter(Response& response, absl::Duration after);

// "Not Found" for 404.
std::string_view ReasonPhrase(int status);

// The one chance to answer a request. Called once, from any thread, or dropped, which stands for
// "500 internal error". Never blocks.
class Responder {
 public:
  // Nothing: it was dropped.
  using Answer = absl::AnyInvocable<void(std::optional<Response>)>;

  explicit Responder(Answer answer) : answer_(std::move(answer)) {}
  Responder(Responder&& other) noexcept : answer_(std::exchange(other.answer_, nullptr)) {}
  Responder& operator=(Responder&&) = delete;
  ~Responder() {
    if (answer_) answer_(std::nullopt);
  }

  void operator()(Response response) { std::exchange(answer_, nullptr)(std::move(response)); }

 private:
  Answer answer_;
};

// Takes one request's body as it comes. Called on the event loop, must not block. Lives until the
// request is answered; an answer that comes before the body is whole ends the connection.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // Takes a piece. False: no more before `resume` is called.
  virtual bool Take(std::string_view piece) = 0;
  // The body is whole.
  virtual void Finish() = 0;
  // The request will not come to a good end, as said: the rest of the body does not come, or the
  // answer is overdue. Still to be answered, soon, where it is not yet.
  virtual void Break(int status, std::string_view message) = 0;
};

// Asks for more of a body. From any thread, never after its request was answered.
using Resume = std::function<void()>;

// What serves requests. Thread-safe: called from several event loops at once.
class Handler {
 public:
  virtual ~Handler() = default;
  // Must not block: every other connection waits meanwhile. `respond` may be called later.
  virtual void Handle(Request request, Responder respond) = 0;
  // Whether such a request goes to HandleStream.
  virtual bool TakesStream(std::string_view method, std::string_view target) = 0;
  // As Handle, but the request has no body yet: it goes to what this returns. nullptr: nobody wants
  // it, the request is answered without.
  virtual std::unique_ptr<BodySink> HandleStream(Request request, Resume resume,
                                                 Responder respond) = 0;
  // What is answered to a request that the server itself refuses. `target` is empty where it never
  // came. Must not block.
  virtual Response Refuse(std::string_view method, std::string_view target, int status,
                          std::string_view message) = 0;
};

}  // namespace campaigner::gateway::http

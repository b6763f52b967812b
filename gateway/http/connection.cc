#include "gateway/http/connection.h"

#include <exception>
#include <utility>

#include "fmt/format.h"
#include "gateway/limits.h"
#include "server/base/log.h"

namespace campaigner::gateway::http {
namespace {

using Outcome = BoundedStream::Outcome;

// Bounds only what the answers announce; waiting is bounded by our own stream.
constexpr size_t kKeepAliveMaxCount = 1'000'000;

// An answer that the library has no part in: nothing that it could have parsed came before.
std::string RawResponse(const Response& response) {
  std::string headers;
  for (const auto& [name, value] : response.headers) {
    headers += fmt::format("{}: {}\r\n", name, value);
  }
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}",
      response.status, ReasonPhrase(response.status), response.content_type, response.body.size(),
      headers, response.body);
}

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, std::string remote_address,
                       const Timeouts& timeouts, http::Handler& handler)
    : transport_(std::move(transport)),
      timeouts_(timeouts),
      stream_(*transport_, timeouts, std::move(remote_address)),
      handler_(handler) {
  // The library ends streamed answers when its listening socket is gone.
  svr_sock_ = transport_->socket();
  set_keep_alive_max_count(kKeepAliveMaxCount);
  set_keep_alive_timeout(absl::ToInt64Seconds(timeouts.idle));
  set_payload_max_length(limits::kBodyBytesMax);
  set_pre_routing_handler([this](const httplib::Request&, httplib::Response& out) {
    Answer(out);
    return HandlerResponse::Handled;
  });
}

void Connection::Run() {
  if (transport_->Handshake(DeadlineIn(timeouts_.head)) != Transport::Result::kOk) return;
  while (ServeOne()) {
  }
}

void Connection::Reject(int status, std::string_view message) {
  if (transport_->Handshake(DeadlineIn(limits::kLingerTimeout)) != Transport::Result::kOk) return;
  const Response response = handler_.Refuse("", "", status, message);
  const std::string bytes = RawResponse(response);
  stream_.write(bytes.data(), bytes.size());
  if (stream_.Flush()) stream_.Linger(limits::kLingerTimeout);
}

std::optional<std::chrono::steady_clock::duration> Connection::IdleTime() const {
  const auto since = idle_since_.load(std::memory_order_relaxed);
  if (since == 0) return std::nullopt;
  return std::chrono::steady_clock::now().time_since_epoch() -
         std::chrono::steady_clock::duration(since);
}

void Connection::Close() {
  is_closing_ = true;
  transport_->CloseForReading();
}

bool Connection::ServeOne() {
  idle_since_ = std::chrono::steady_clock::now().time_since_epoch().count();
  const Outcome awaited = stream_.AwaitRequest();
  idle_since_ = 0;
  if (awaited != Outcome::kOk) return false;
  const Outcome read = stream_.ReadHead();
  if (read == Outcome::kClosed) return false;
  if (read == Outcome::kTimeout) return RefuseHead(408, "the headers took too long", {});
  check_ = CheckHead(stream_.head());
  if (read == Outcome::kTooLarge) {
    const bool is_line = check_.target.empty();
    return RefuseHead(is_line ? 414 : 431, is_line ? "the address is too long" : "headers too long",
                      check_);
  }
  if (check_.refusal_status != 0) return RefuseHead(check_.refusal_status, check_.refusal, check_);

  body_refusal_ = 0;
  bool is_last = false;
  const bool is_written = process_request(
      stream_, is_closing_, is_last, [this](httplib::Request& parsed) { ReadRequest(parsed); });
  if (!stream_.Flush() || !is_written) return false;
  if (is_spent_) stream_.Linger(limits::kLingerTimeout);
  return !is_last && !is_spent_ && !is_closing_;
}

bool Connection::RefuseHead(int status, std::string_view message, const HeadCheck& check) {
  const Response response = handler_.Refuse(check.method, check.target, status, message);
  const std::string bytes = RawResponse(response);
  stream_.write(bytes.data(), bytes.size());
  if (stream_.Flush()) stream_.Linger(limits::kLingerTimeout);
  return false;
}

// Called by the library between the headers and its routing.
void Connection::ReadRequest(httplib::Request& parsed) {
  // Answered here; the library would answer it after the body was to be read.
  parsed.headers.erase("Expect");
  request_ = Request();
  request_.method = check_.method;
  request_.target = check_.target;
  request_.client_address = stream_.remote_address();
  request_.headers.reserve(check_.headers.size());
  for (const auto& [name, value] : check_.headers) request_.headers.emplace_back(name, value);
  if (check_.content_length == 0) return;
  if (check_.expects_continue) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    stream_.write(kContinue.data(), kContinue.size());
    stream_.Flush();
  }
  const Outcome outcome = stream_.ReadBody(check_.content_length, request_.body);
  if (outcome == Outcome::kOk) return;
  is_spent_ = true;
  body_refusal_ = outcome == Outcome::kTimeout ? 408 : 400;
}

void Connection::Answer(httplib::Response& out) {
  Response response;
  if (body_refusal_ != 0) {
    response = handler_.Refuse(request_.method, request_.target, body_refusal_,
                               body_refusal_ == 408 ? "the body took too long"
                                                    : "the body ended before its Content-Length");
  } else {
    // The one place where an exception of a handler ends: the caller learns nothing of it.
    try {
      response = handler_.Handle(request_);
    } catch (const std::exception& error) {
      base::LogError("http_handler_failed", {{"error", error.what()}});
      response = handler_.Refuse(request_.method, request_.target, 500, "internal error");
    }
  }
  if (is_spent_ || is_closing_) out.set_header("Connection", "close");
  Fill(std::move(response), out);
}

void Connection::Fill(Response response, httplib::Response& out) {
  out.status = response.status;
  for (const auto& [name, value] : response.headers) out.set_header(name, value);
  if (!response.stream) {
    out.body = std::move(response.body);
    if (!out.body.empty()) out.set_header("Content-Type", response.content_type);
    return;
  }
  stream_.SendAtOnce();
  out.set_chunked_content_provider(response.content_type, [stream = std::move(response.stream)](
                                                              size_t, httplib::DataSink& sink) {
    // A stream that breaks off after its head can only be cut: that is how its reader learns.
    try {
      stream([&sink](std::string_view piece) { return sink.write(piece.data(), piece.size()); });
    } catch (const std::exception& error) {
      base::LogError("http_stream_failed", {{"error", error.what()}});
      return false;
    }
    sink.done();
    return true;
  });
}

}  // namespace campaigner::gateway::http

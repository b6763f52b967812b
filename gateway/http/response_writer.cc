#include "gateway/http/response_writer.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "server/base/log.h"

namespace campaigner::gateway::http {
namespace {

// Bounds only what the answers announce; waiting is bounded by the event loop.
constexpr size_t kKeepAliveMaxCount = 1'000'000;

// What an answer depends on of its request. Everything else was checked before it was served: were
// the client's own head read here, the library could refuse what is already done.
constexpr std::string_view kHead = "GET / HTTP/1.1\r\n\r\n";
constexpr std::string_view kBodilessHead = "HEAD / HTTP/1.1\r\n\r\n";

std::string HttpDate() {
  return absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone());
}

// What the library reads and writes: a head that is there already, and a sink.
class HeadStream final : public httplib::Stream {
 public:
  HeadStream(std::string_view head, const Sink& sink) : head_(head), sink_(sink) {}

  bool is_readable() const override { return !head_.empty(); }
  bool is_writable() const override { return !is_broken_; }
  ssize_t read(char* buffer, size_t size) override {
    const size_t count = std::min(size, head_.size());
    std::memcpy(buffer, head_.data(), count);
    head_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* bytes, size_t size) override {
    is_broken_ = is_broken_ || !sink_({bytes, size});
    return is_broken_ ? -1 : static_cast<ssize_t>(size);
  }
  // The library copies both into every request; nobody reads them.
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  socket_t socket() const override { return INVALID_SOCKET; }
  bool is_broken() const { return is_broken_; }

 private:
  std::string_view head_;
  const Sink& sink_;
  bool is_broken_ = false;
};

}  // namespace

ResponseWriter::ResponseWriter(absl::Duration idle) {
  // The library ends streamed answers when its listening socket is gone. It has none; any number
  // but INVALID_SOCKET says that all is well, and nothing else reads it.
  svr_sock_ = 0;
  set_keep_alive_max_count(kKeepAliveMaxCount);
  set_keep_alive_timeout(absl::ToInt64Seconds(idle));
  set_pre_routing_handler([this](const httplib::Request&, httplib::Response& out) {
    Fill(out);
    return HandlerResponse::Handled;
  });
}

bool ResponseWriter::Write(const HeadCheck& head, Response response, bool is_closing,
                           const Sink& sink) {
  response_ = std::move(response);
  is_old_ = head.is_old;
  // The end of what has neither a length nor chunks is the connection's.
  is_closing_ = is_closing || head.wants_close || (is_old_ && response_.stream);
  HeadStream stream(head.method == "HEAD" ? kBodilessHead : kHead, sink);
  bool is_last = false;
  const bool is_written = process_request(stream, is_closing_, is_last, nullptr);
  return is_written && !is_last && !is_closing_ && !stream.is_broken();
}

void ResponseWriter::Fill(httplib::Response& out) {
  out.status = response_.status;
  for (const auto& [name, value] : response_.headers) out.set_header(name, value);
  out.set_header("Date", HttpDate());
  if (is_old_ && !is_closing_) out.set_header("Connection", "keep-alive");
  if (response_.stream) return FillStream(out);
  out.body = std::move(response_.body);
  if (!out.body.empty()) out.set_header("Content-Type", response_.content_type);
}

void ResponseWriter::FillStream(httplib::Response& out) {
  auto provider = [stream = std::move(response_.stream)](size_t, httplib::DataSink& sink) {
    // A stream that breaks off after its head can only be cut: that is how its reader learns.
    try {
      const bool is_whole = stream(
          [&sink](std::string_view piece) { return sink.write(piece.data(), piece.size()); });
      if (!is_whole) return false;
    } catch (const std::exception& error) {
      base::LogError("http_stream_failed", {{"error", error.what()}});
      return false;
    }
    sink.done();
    return true;
  };
  if (is_old_) return out.set_content_provider(response_.content_type, std::move(provider));
  out.set_chunked_content_provider(response_.content_type, std::move(provider));
}

std::string FinalAnswer(const Response& response) {
  std::string headers;
  for (const auto& [name, value] : response.headers) {
    headers += fmt::format("{}: {}\r\n", name, value);
  }
  return fmt::format(
      "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
      "Connection: close\r\n{}\r\n{}",
      response.status, ReasonPhrase(response.status), HttpDate(), response.content_type,
      response.body.size(), headers, response.body);
}

}  // namespace campaigner::gateway::http

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace campaigner::testing {

// An HTTP response as it came.
struct RawResponse {
  int status = 0;
  // Names in lower case; of several with one name, the last.
  std::map<std::string, std::string> headers;
  // Chunks put together.
  std::string body;
};

// A TCP connection that sends whatever a test wants, valid HTTP or not. For one thread.
class RawConnection {
 public:
  // To 127.0.0.1.
  explicit RawConnection(int port);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  // Sends as much as the other side takes. False once it has closed.
  bool Send(std::string_view bytes);
  // Sends until the other side has taken nothing for so long. How much it took.
  size_t SendSome(std::string_view bytes, absl::Duration patience);
  // The next response; nothing when the connection ends first, or 20 s pass.
  std::optional<RawResponse> Receive();
  // The same, reading so many bytes at once at most, and nothing for `pause` after them.
  std::optional<RawResponse> ReceiveSlowly(size_t bytes, absl::Duration pause);
  // Whether the other side has closed, or does so within 20 s.
  bool IsClosed();
  // For a body of which more is to come: what arrives until `text` is among it.
  bool ReceiveUntil(std::string_view text);

 private:
  bool ReceiveMore();
  bool ReceiveBody(RawResponse& response);

  const int socket_;
  std::string received_;
  size_t bytes_at_once_ = 16384;
  absl::Duration pause_;
};

// One request over a connection of its own.
std::optional<RawResponse> RawExchange(int port, std::string_view request);

// The bytes of a request with a Content-Length. `headers`: whole lines, each with its CR LF.
std::string RawRequest(std::string_view method, std::string_view target, std::string_view headers,
                       std::string_view body);

}  // namespace campaigner::testing

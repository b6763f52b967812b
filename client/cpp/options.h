#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/time/time.h"

namespace campaigner::client {

struct TlsOptions {
  // PEM file with the certificates that the server's is checked against. Empty: the system's.
  std::string ca_file = {};
  // PEM files with which the client proves itself. Both or none.
  std::string certificate_file = {};
  std::string key_file = {};
  // The name that the server's certificate must carry. Empty: the host of the target.
  std::string server_name = {};

  // Whoever gives any of these means TLS: a flag that is forgotten must not mean plaintext.
  bool IsAnyGiven() const {
    return !ca_file.empty() || !certificate_file.empty() || !key_file.empty() ||
           !server_name.empty();
  }
};

// How a connection is made.
struct ChannelOptions {
  // Where the server listens, as gRPC names it ("127.0.0.1:50051", "dns:///host:port").
  std::string target = "127.0.0.1:50051";
  // Absent: no TLS.
  std::optional<TlsOptions> tls = std::nullopt;
};

// For calls whose repeat is harmless, when they answered UNAVAILABLE.
struct RetryPolicy {
  // Tries in all, at least 1.
  int attempts_max = 5;
  // Pause before the second try; it doubles, +-20 %. The server's RetryInfo, where longer, counts.
  absl::Duration backoff_initial = absl::Milliseconds(100);
  absl::Duration backoff_max = absl::Seconds(5);
};

struct ClientOptions {
  ChannelOptions channel = {};
  // Goes with every call as x-api-key. Empty: none.
  std::string api_key = {};
  // For a whole call, retries and pauses included. The server gives an XLS file, which a preview or
  // an import reads, 30 s of processor time.
  absl::Duration deadline = absl::Seconds(60);
  RetryPolicy retry = {};
};

struct MessageStreamOptions {
  // Goes with the stream as x-api-key. Empty: none; then each call brings its credentials.
  std::string api_key = {};
  // Calls that wait or are under way, and the bytes of their requests. More: Send fails at once.
  size_t calls_in_flight_max = 20'000;
  size_t bytes_in_flight_max = 64 << 20;
  // A call without an answer for so long fails with DEADLINE_EXCEEDED, at most one and a half times
  // as late. If nothing at all was answered meanwhile, the stream is made anew.
  absl::Duration call_timeout = absl::Seconds(30);
};

}  // namespace campaigner::client

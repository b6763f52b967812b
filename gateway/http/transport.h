#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace campaigner::gateway::http {

// When an I/O step must be over. Read from the monotonic clock, not from an injected one: it only
// bounds waits on real sockets, and a step of the time of day must not cut connections.
using Deadline = std::chrono::steady_clock::time_point;
Deadline DeadlineIn(absl::Duration timeout);

// An accepted, non-blocking socket. Closes it. One thread at a time, but for what says otherwise.
class Transport {
 public:
  // What a step came to. kWantRead, kWantWrite: nothing yet; worth repeating once the socket has
  // become readable, writable.
  enum class Step { kDone, kWantRead, kWantWrite, kClosed };

  virtual ~Transport() = default;
  // Whatever the protocol needs before the first byte.
  virtual Step TryHandshake() { return Step::kDone; }
  // The socket may have become readable. From the thread that reads.
  virtual void OnReadable() {}
  // At least one byte into `buffer` and their number into `received`.
  virtual Step TryRead(char* buffer, size_t size, size_t& received) = 0;
  // At least one byte of `bytes`, and their number into `sent`.
  virtual Step TryWrite(std::string_view bytes, size_t& sent) = 0;
  // Tells the other side that no more comes; it may still send.
  virtual void FinishWriting() = 0;
  // Reads and writes end. From any thread.
  virtual void Abort() = 0;
  virtual int socket() const = 0;

  // All of `bytes`, waiting for the other side until the deadline. False: the connection is gone.
  bool Write(std::string_view bytes, Deadline deadline);
};

// Over TCP. Takes the socket.
std::unique_ptr<Transport> MakePlainTransport(int socket);

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDeleter>;

// PEM files: the certificate with its chain, the private key. TLS 1.2 and later.
// INVALID_ARGUMENT names the file that does not do.
absl::StatusOr<SslContext> MakeServerSslContext(const std::string& certificate_path,
                                                const std::string& key_path);

// TLS over TCP. `context` must outlive it.
std::unique_ptr<Transport> MakeTlsTransport(int socket, SSL_CTX* context);

}  // namespace campaigner::gateway::http

#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <limits>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "gateway/http/socket.h"
#include "gateway/http/transport.h"
#include "server/base/text.h"

namespace campaigner::gateway::http {
namespace {

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

int ClampedSize(size_t size) {
  constexpr size_t kMax = std::numeric_limits<int>::max();
  return static_cast<int>(size < kMax ? size : kMax);
}

class TlsTransport final : public Transport {
 public:
  TlsTransport(int socket, SSL_CTX* context) : socket_(socket), ssl_(SSL_new(context)) {
    if (ssl_ != nullptr) SSL_set_fd(ssl_.get(), socket);
  }

  Result Handshake(Deadline deadline) override {
    if (ssl_ == nullptr) return Result::kClosed;
    return Repeat(deadline, [this] { return SSL_accept(ssl_.get()); });
  }

  Result Read(char* buffer, size_t size, Deadline deadline, size_t& received) override {
    int count = 0;
    const Result result = Repeat(deadline, [&] {
      count = SSL_read(ssl_.get(), buffer, ClampedSize(size));
      return count;
    });
    received = count > 0 ? static_cast<size_t>(count) : 0;
    return result;
  }

  Result Write(std::string_view bytes, Deadline deadline) override {
    while (!bytes.empty()) {
      int count = 0;
      const Result result = Repeat(deadline, [&] {
        count = SSL_write(ssl_.get(), bytes.data(), ClampedSize(bytes.size()));
        return count;
      });
      if (result != Result::kOk) return result;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return Result::kOk;
  }

  void FinishWriting() override {
    SSL_shutdown(ssl_.get());
    shutdown(socket_.get(), SHUT_WR);
  }
  void CloseForReading() override { shutdown(socket_.get(), SHUT_RD); }
  void Abort() override { shutdown(socket_.get(), SHUT_RDWR); }
  int socket() const override { return socket_.get(); }

 private:
  // Calls `step` until it succeeds, waiting for the socket as OpenSSL asks.
  template <typename Step>
  Result Repeat(Deadline deadline, Step step) {
    while (true) {
      ERR_clear_error();
      const int done = step();
      if (done > 0) return Result::kOk;
      const int error = SSL_get_error(ssl_.get(), done);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return Result::kClosed;
      const short events = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
      if (!WaitFor(socket_.get(), events, deadline)) return Result::kTimeout;
    }
  }

  const Socket socket_;
  const std::unique_ptr<SSL, SslDeleter> ssl_;
};

}  // namespace

absl::StatusOr<SslContext> MakeServerSslContext(const std::string& certificate_path,
                                                const std::string& key_path) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) return absl::InternalError("OpenSSL does not start");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_path.c_str()) != 1) {
    return absl::InvalidArgumentError(
        fmt::format("--tls_cert: {} is no readable PEM certificate", certificate_path));
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_path.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return absl::InvalidArgumentError(
        fmt::format("--tls_key: {} is no readable PEM key of the certificate", key_path));
  }
  return context;
}

std::unique_ptr<Transport> MakeTlsTransport(int socket, SSL_CTX* context) {
  return std::make_unique<TlsTransport>(socket, context);
}

}  // namespace campaigner::gateway::http

#include <openssl/err.h>
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

  Step TryHandshake() override {
    if (ssl_ == nullptr) return Step::kClosed;
    ERR_clear_error();
    return StepOf(SSL_accept(ssl_.get()));
  }

  Step TryRead(char* buffer, size_t size, size_t& received) override {
    ERR_clear_error();
    const int count = SSL_read(ssl_.get(), buffer, ClampedSize(size));
    received = count > 0 ? static_cast<size_t>(count) : 0;
    return StepOf(count);
  }

  Step TryWrite(std::string_view bytes, size_t& sent) override {
    ERR_clear_error();
    const int count = SSL_write(ssl_.get(), bytes.data(), ClampedSize(bytes.size()));
    sent = count > 0 ? static_cast<size_t>(count) : 0;
    return StepOf(count);
  }

  void FinishWriting() override {
    SSL_shutdown(ssl_.get());
    shutdown(socket_.get(), SHUT_WR);
  }
  void Abort() override { shutdown(socket_.get(), SHUT_RDWR); }
  int socket() const override { return socket_.get(); }

 private:
  Step StepOf(int done) const {
    if (done > 0) return Step::kDone;
    const int error = SSL_get_error(ssl_.get(), done);
    if (error == SSL_ERROR_WANT_READ) return Step::kWantRead;
    return error == SSL_ERROR_WANT_WRITE ? Step::kWantWrite : Step::kClosed;
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

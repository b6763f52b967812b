#include <gmock/gmock.h>
#include <httplib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <memory>
#include <string>

#include "tests/conformance/gateway/test_handler.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::gateway {
namespace {

using campaigner::testing::RawConnection;

// A self-signed certificate for "localhost" and its key, as PEM files.
void WriteCertificate(const std::string& certificate_path, const std::string& key_path) {
  constexpr long kSeconds = 3600;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kSeconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kSeconds);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const auto* host = reinterpret_cast<const unsigned char*>("localhost");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, host, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  FILE* file = std::fopen(certificate_path.c_str(), "w");
  PEM_write_X509(file, certificate.get());
  std::fclose(file);
  file = std::fopen(key_path.c_str(), "w");
  PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
}

class TlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    http::ServerOptions options = testing::TestOptions();
    options.timeouts.head = absl::Milliseconds(500);
    options.tls_certificate_path = dir_.File("cert.pem");
    options.tls_key_path = dir_.File("key.pem");
    WriteCertificate(options.tls_certificate_path, options.tls_key_path);
    ASSERT_OK_AND_ASSIGN(server_, http::Server::Start(options, handler_));
    client_ = std::make_unique<httplib::SSLClient>("localhost", server_->port());
    client_->set_ca_cert_path(dir_.File("cert.pem").c_str());
    client_->set_keep_alive(true);
  }

  campaigner::testing::TempDir dir_;
  testing::TestHandler handler_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<httplib::SSLClient> client_;
};

TEST_F(TlsTest, ServesOverKeptConnections) {
  for (int i = 0; i < 3; ++i) {
    const auto response = client_->Post("/", "secret " + std::to_string(i), "text/plain");
    ASSERT_TRUE(response) << httplib::to_string(response.error());
    EXPECT_EQ(response->body, "secret " + std::to_string(i));
  }
}

TEST_F(TlsTest, CarriesLargeBodies) {
  const std::string body(5 << 20, 'x');
  const auto response = client_->Post("/", body, "text/plain");
  ASSERT_TRUE(response) << httplib::to_string(response.error());
  EXPECT_EQ(response->body.size(), body.size());
}

TEST_F(TlsTest, BoundsAreTheSame) {
  const auto response = client_->Get("/", {{"Content-Encoding", "gzip"}, {"Connection", "close"}});
  ASSERT_TRUE(response) << httplib::to_string(response.error());
  EXPECT_EQ(response->status, 415);
}

TEST_F(TlsTest, WhoeverDoesNotSpeakTlsIsCut) {
  RawConnection plain(server_->port());
  plain.Send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(plain.IsClosed());
  RawConnection silent(server_->port());
  EXPECT_TRUE(silent.IsClosed());
  EXPECT_TRUE(client_->Get("/"));
}

}  // namespace
}  // namespace campaigner::gateway

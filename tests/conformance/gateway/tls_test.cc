#include <gmock/gmock.h>
#include <httplib.h>

#include <memory>
#include <string>

#include "tests/conformance/gateway/test_handler.h"
#include "tests/support/certificates.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::gateway {
namespace {

using campaigner::testing::RawConnection;

class TlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    http::ServerOptions options = testing::TestOptions();
    options.timeouts.head = absl::Milliseconds(500);
    const campaigner::testing::CertificateFiles files = ca_.Issue("localhost");
    options.tls_certificate_path = files.certificate;
    options.tls_key_path = files.key;
    ASSERT_OK_AND_ASSIGN(server_, http::Server::Start(options, handler_, tasks_));
    client_ = std::make_unique<httplib::SSLClient>("localhost", server_->port());
    client_->set_ca_cert_path(ca_.certificate_path().c_str());
    client_->set_keep_alive(true);
  }

  const campaigner::testing::TempDir dir_;
  const campaigner::testing::CertificateAuthority ca_{dir_.path(), "ours"};
  testing::TestHandler handler_;
  http::TaskPool tasks_{8};
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
  plain.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(plain.IsClosed());
  RawConnection silent(server_->port());
  EXPECT_TRUE(silent.IsClosed());
  EXPECT_TRUE(client_->Get("/"));
}

}  // namespace
}  // namespace campaigner::gateway

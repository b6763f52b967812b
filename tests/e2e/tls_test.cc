#include <gmock/gmock.h>
#include <httplib.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "client/cli/app.h"
#include "gateway/gateway.h"
#include "server/server.h"
#include "tests/support/certificates.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

// Server, gateway and campaignctl over TLS: what is trusted works, what is not fails clearly, and
// nothing ever goes in the clear instead.
namespace campaigner::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// campaignctl's exit code for a server that is not there.
constexpr int kTryLater = 7;

class TlsTest : public ::testing::Test {
 protected:
  struct Outcome {
    int code = 0;
    std::string text;
  };

  static TlsOptions Shows(const CertificateFiles& files, std::string client_ca = "") {
    return {.certificate_path = files.certificate,
            .key_path = files.key,
            .client_ca_path = std::move(client_ca)};
  }

  absl::Status TryServer(TlsOptions tls) {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.data_dir = dir_.File("data");
    options.tls = std::move(tls);
    auto started = Server::Start(std::move(options));
    if (!started.ok()) return started.status();
    server_ = *std::move(started);
    key_ = server_->admin_key();
    return absl::OkStatus();
  }

  absl::Status TryGateway(std::optional<client::TlsOptions> to_server, CertificateFiles own = {}) {
    gateway::GatewayOptions options;
    options.http.listen = "127.0.0.1:0";
    options.http.tls_certificate_path = own.certificate;
    options.http.tls_key_path = own.key;
    options.server.target = ServerTarget();
    options.server.tls = std::move(to_server);
    auto started = gateway::Gateway::Start(std::move(options));
    if (!started.ok()) return started.status();
    gateway_ = *std::move(started);
    return absl::OkStatus();
  }

  // A name, so that names are checked.
  std::string ServerTarget() const {
    return "localhost:" + std::to_string(server_ ? server_->port() : 1);
  }

  Outcome Ctl(std::vector<std::string> arguments) const {
    std::vector<std::string> all = {"campaignctl", "--server",   ServerTarget(), "--key",
                                    key_,          "--deadline", "10s"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<const char*> argv;
    for (const std::string& argument : all) argv.push_back(argument.c_str());
    std::ostringstream out;
    std::ostringstream err;
    const int code = cli::RunCampaignctl(static_cast<int>(argv.size()), argv.data(), out, err);
    return {code, out.str() + err.str()};
  }

  // Through a gateway without HTTPS: its answer to a call to the server.
  httplib::Result AskGateway() const {
    httplib::Client http("127.0.0.1", gateway_->port());
    return http.Get("/v1/campaigns", {{"X-Api-Key", key_}});
  }
  void ExpectServerAway() const {
    const auto answer = AskGateway();
    ASSERT_TRUE(answer) << httplib::to_string(answer.error());
    EXPECT_EQ(answer->status, 503) << answer->body;
    EXPECT_TRUE(answer->has_header("Retry-After"));
    EXPECT_THAT(answer->body, HasSubstr("SERVER_AWAY"));
  }

  const TempDir dir_;
  const CertificateAuthority ca_{dir_.path(), "ours"};
  const CertificateAuthority stranger_{dir_.path(), "stranger"};
  std::unique_ptr<Server> server_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::string key_;
};

TEST_F(TlsTest, AllTheWayFromHttpsToTheServer) {
  ASSERT_OK(TryServer(Shows(ca_.Issue("localhost"))));
  ASSERT_OK(
      TryGateway(client::TlsOptions{.ca_file = ca_.certificate_path()}, ca_.Issue("127.0.0.1")));
  httplib::SSLClient https("127.0.0.1", gateway_->port());
  https.set_ca_cert_path(ca_.certificate_path().c_str());
  const httplib::Headers key = {{"X-Api-Key", key_}};
  const auto made =
      https.Post("/v1/campaigns", key, R"({"displayName": "tls"})", "application/json");
  ASSERT_TRUE(made) << httplib::to_string(made.error());
  ASSERT_EQ(made->status, 200) << made->body;
  // The stream that all sends share.
  const auto sent = https.Post("/ext/api/v1/messages/send", key,
                               R"([{"id": 1, "campaign_id": 1, "dst_addr": "79201234567",
                                    "text": "hello"}])",
                               "application/json");
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->status, 200) << sent->body;
  const Outcome got =
      Ctl({"--tls_ca", ca_.certificate_path(), "campaigns", "stats", "1", "--json"});
  EXPECT_EQ(got.code, 0) << got.text;
  EXPECT_THAT(got.text, HasSubstr("\"messages\": \"1\""));

  httplib::SSLClient distrustful("127.0.0.1", gateway_->port());
  distrustful.set_ca_cert_path(stranger_.certificate_path().c_str());
  EXPECT_EQ(distrustful.Get("/healthz").error(), httplib::Error::SSLServerVerification);
}

TEST_F(TlsTest, AnUnknownAuthorityIsRefused) {
  ASSERT_OK(TryServer(Shows(ca_.Issue("localhost"))));
  const Outcome run = Ctl({"--tls_ca", stranger_.certificate_path(), "health"});
  EXPECT_EQ(run.code, kTryLater) << run.text;
  // The system's authorities do not know ours either.
  EXPECT_EQ(Ctl({"--tls", "health"}).code, kTryLater);
  ASSERT_OK(TryGateway(client::TlsOptions{.ca_file = stranger_.certificate_path()}));
  ExpectServerAway();
}

TEST_F(TlsTest, AnotherHostsCertificateIsRefusedUnlessItsNameIsExpected) {
  ASSERT_OK(TryServer(Shows(ca_.Issue("other.test"))));
  const std::string& ca = ca_.certificate_path();
  EXPECT_EQ(Ctl({"--tls_ca", ca, "health"}).code, kTryLater);
  EXPECT_EQ(Ctl({"--tls_ca", ca, "--tls_name", "third.test", "health"}).code, kTryLater);
  const Outcome named = Ctl({"--tls_ca", ca, "--tls_name", "other.test", "health"});
  EXPECT_EQ(named.code, 0) << named.text;
  ASSERT_OK(TryGateway(client::TlsOptions{.ca_file = ca}));
  ExpectServerAway();
  ASSERT_OK(TryGateway(client::TlsOptions{.ca_file = ca, .server_name = "other.test"}));
  EXPECT_EQ(AskGateway()->status, 200);
}

TEST_F(TlsTest, ClientsProveThemselvesWhereTheServerAsks) {
  const std::string& ca = ca_.certificate_path();
  ASSERT_OK(TryServer(Shows(ca_.Issue("localhost"), ca)));
  const CertificateFiles mine = ca_.Issue("client.test");
  const CertificateFiles forged = stranger_.Issue("client.test");
  EXPECT_EQ(Ctl({"--tls_ca", ca, "health"}).code, kTryLater);
  EXPECT_EQ(
      Ctl({"--tls_ca", ca, "--tls_cert", forged.certificate, "--tls_key", forged.key, "health"})
          .code,
      kTryLater);
  const Outcome known =
      Ctl({"--tls_ca", ca, "--tls_cert", mine.certificate, "--tls_key", mine.key, "health"});
  EXPECT_EQ(known.code, 0) << known.text;
  ASSERT_OK(TryGateway(client::TlsOptions{.ca_file = ca}));
  ExpectServerAway();
  ASSERT_OK(TryGateway(client::TlsOptions{
      .ca_file = ca, .certificate_file = mine.certificate, .key_file = mine.key}));
  EXPECT_EQ(AskGateway()->status, 200);
}

TEST_F(TlsTest, NobodyFallsBackToPlaintext) {
  ASSERT_OK(TryServer(Shows(ca_.Issue("localhost"))));
  EXPECT_EQ(Ctl({"health"}).code, kTryLater);
  ASSERT_OK(TryGateway(std::nullopt));
  ExpectServerAway();
  server_.reset();
  ASSERT_OK(TryServer({}));
  EXPECT_EQ(Ctl({"health"}).code, 0);
  EXPECT_EQ(Ctl({"--tls_ca", ca_.certificate_path(), "health"}).code, kTryLater);
  ASSERT_OK(TryGateway(client::TlsOptions{.ca_file = ca_.certificate_path()}));
  ExpectServerAway();
}

TEST_F(TlsTest, FilesThatCannotServeAreNamedAtTheStart) {
  const CertificateFiles good = ca_.Issue("localhost");
  const CertificateFiles other = ca_.Issue("other.test");
  const std::string absent = dir_.File("absent.pem");
  const std::string garbage = dir_.File("garbage.pem");
  std::ofstream(garbage) << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const auto says = [](const std::string& file, const char* problem) {
    return StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr(file), HasSubstr(problem)));
  };
  EXPECT_THAT(TryServer(Shows({absent, good.key})), says(absent, "cannot be read"));
  EXPECT_THAT(TryServer(Shows({dir_.path(), good.key})), says(dir_.path(), "cannot be read"));
  EXPECT_THAT(TryServer(Shows({garbage, good.key})), says(garbage, "no PEM certificate"));
  EXPECT_THAT(TryServer(Shows({good.certificate, absent})), says(absent, "cannot be read"));
  EXPECT_THAT(TryServer(Shows({good.certificate, garbage})), says(garbage, "no PEM key"));
  EXPECT_THAT(TryServer(Shows({good.certificate, other.key})), says(other.key, "is not that of"));
  EXPECT_THAT(TryServer(Shows({good.certificate, ""})), says("", "needs both"));
  EXPECT_THAT(TryServer(Shows(good, garbage)), says(garbage, "no PEM certificate"));
  EXPECT_THAT(TryServer(Shows({}, ca_.certificate_path())), says("", "client CA needs"));

  EXPECT_THAT(TryGateway(client::TlsOptions{.ca_file = absent}), says(absent, "cannot be read"));
  EXPECT_THAT(TryGateway(client::TlsOptions{.ca_file = garbage}), says(garbage, "no PEM"));
  EXPECT_THAT(
      TryGateway(client::TlsOptions{.certificate_file = good.certificate, .key_file = other.key}),
      says(other.key, "is not that of"));
  EXPECT_THAT(TryGateway(client::TlsOptions{.key_file = good.key}), says("", "needs"));
  EXPECT_THAT(TryGateway(std::nullopt, {absent, good.key}), says(absent, "--tls_cert"));
  EXPECT_THAT(TryGateway(std::nullopt, {good.certificate, other.key}),
              says(other.key, "--tls_key"));
  // A key alone means TLS, too.
  EXPECT_EQ(Ctl({"--tls_key", good.key, "health"}).code, 3);
}

}  // namespace
}  // namespace campaigner::testing

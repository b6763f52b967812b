// campaigner-gateway: HTTP in front of campaigner-server.

#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gateway/gateway.h"
#include "gateway/limits.h"
#include "server/base/log.h"
#include "server/base/program.h"
#include "server/base/status_macros.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:8080",
          "host:port to serve HTTP on; port 0 for any free one");
ABSL_FLAG(std::string, server, "127.0.0.1:50051", "campaigner-server's gRPC address");
ABSL_FLAG(std::string, tls_cert, "", "PEM certificate chain to serve HTTPS with; needs --tls_key");
ABSL_FLAG(std::string, tls_key, "", "PEM private key of --tls_cert");
ABSL_FLAG(bool, server_tls, false, "TLS to the server; also implied by the other --server_ flags");
ABSL_FLAG(std::string, server_ca, "",
          "PEM certificates that the server's is checked against; the system's where absent");
ABSL_FLAG(std::string, server_cert, "",
          "PEM certificate that the server asks of this gateway; needs --server_key");
ABSL_FLAG(std::string, server_key, "", "PEM private key of --server_cert");
ABSL_FLAG(std::string, server_name, "",
          "name that the server's certificate carries, where it is not the host of --server");
ABSL_FLAG(std::string, trusted_proxies, "",
          "networks (CIDR, by commas) of proxies whose X-Forwarded-For is believed");
ABSL_FLAG(absl::Duration, head_timeout, absl::Seconds(10),
          "longest time from a request's first byte to the end of its headers");
ABSL_FLAG(absl::Duration, body_timeout, absl::Seconds(64),
          "longest time for a request's body; of a file, for each 256 KiB");
ABSL_FLAG(absl::Duration, idle_timeout, absl::Seconds(60),
          "longest silence between two requests of a connection");
ABSL_FLAG(absl::Duration, drain_timeout, absl::Seconds(10),
          "how long answers under way are waited for at the end");

namespace campaigner::gateway {
namespace {

absl::StatusOr<absl::Duration> Positive(const char* name, absl::Duration duration) {
  if (duration > absl::ZeroDuration()) return duration;
  return absl::InvalidArgumentError(fmt::format("--{} must be longer than nothing", name));
}

absl::StatusOr<GatewayOptions> OptionsFromFlags() {
  GatewayOptions options;
  options.http.listen = absl::GetFlag(FLAGS_listen);
  options.http.tls_certificate_path = absl::GetFlag(FLAGS_tls_cert);
  options.http.tls_key_path = absl::GetFlag(FLAGS_tls_key);
  http::Timeouts& timeouts = options.http.timeouts;
  ASSIGN_OR_RETURN(timeouts.head, Positive("head_timeout", absl::GetFlag(FLAGS_head_timeout)));
  ASSIGN_OR_RETURN(timeouts.body, Positive("body_timeout", absl::GetFlag(FLAGS_body_timeout)));
  ASSIGN_OR_RETURN(timeouts.idle, Positive("idle_timeout", absl::GetFlag(FLAGS_idle_timeout)));
  options.drain_timeout = absl::GetFlag(FLAGS_drain_timeout);
  options.server.target = absl::GetFlag(FLAGS_server);
  client::TlsOptions tls{
      .ca_file = absl::GetFlag(FLAGS_server_ca),
      .certificate_file = absl::GetFlag(FLAGS_server_cert),
      .key_file = absl::GetFlag(FLAGS_server_key),
      .server_name = absl::GetFlag(FLAGS_server_name),
  };
  if (absl::GetFlag(FLAGS_server_tls) || tls.IsAnyGiven()) options.server.tls = std::move(tls);
  options.trusted_proxies =
      absl::StrSplit(absl::GetFlag(FLAGS_trusted_proxies), ',', absl::SkipWhitespace());
  return options;
}

// The usual soft limit of 1,024 descriptors is for programs that use select; the hard one is the
// operator's.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = limits::kConnectionsMax + limits::kOtherDescriptors;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::Status Run(base::AwaitEnd await_end) {
  ASSIGN_OR_RETURN(const GatewayOptions options, OptionsFromFlags());
  RaiseDescriptorLimit();
  ASSIGN_OR_RETURN(const auto gateway, Gateway::Start(options));
  RETURN_IF_ERROR(base::AnnouncePort(gateway->port()));
  base::LogInfo("gateway_started", {{"listen", options.http.listen},
                                    {"port", gateway->port()},
                                    {"server", options.server.target}});
  await_end();
  gateway->Stop();
  return absl::OkStatus();
}

}  // namespace
}  // namespace campaigner::gateway

int main(int argc, char** argv) {
  return campaigner::base::RunProgram(
      {.name = "campaigner-gateway",
       .usage = "HTTP in front of campaigner-server: REST, the documented interfaces, receipts.",
       .flags_file = __FILE__,
       .variable_prefix = "CAMPAIGNER_GATEWAY_"},
      argc, argv, campaigner::gateway::Run);
}

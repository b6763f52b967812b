// campaigner-gateway: HTTP in front of campaigner-server.

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gateway/gateway.h"
#include "gateway/limits.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"

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
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error");
ABSL_FLAG(std::string, port_file, "",
          "file into which the port is written once requests are served");
ABSL_FLAG(absl::Duration, head_timeout, absl::Seconds(10),
          "longest time from a request's first byte to the end of its headers");
ABSL_FLAG(absl::Duration, body_timeout, absl::Seconds(64), "longest time for a request's body");
ABSL_FLAG(absl::Duration, idle_timeout, absl::Seconds(60),
          "longest silence between two requests of a connection");
ABSL_FLAG(absl::Duration, drain_timeout, absl::Seconds(10),
          "how long answers under way are waited for at the end");

namespace campaigner::gateway {
namespace {

using base::LogLevel;

absl::StatusOr<LogLevel> ParseLogLevel(const std::string& text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "info") return LogLevel::kInfo;
  if (text == "warning") return LogLevel::kWarning;
  if (text == "error") return LogLevel::kError;
  return absl::InvalidArgumentError(
      fmt::format("--log_level: {} is none of debug, info, warning, error", text));
}

// Values of flags from the environment: CAMPAIGNER_GATEWAY_LISTEN for --listen. The command line is
// read afterwards and wins.
absl::Status ReadEnvironment() {
  for (const char* name :
       {"listen", "server", "tls_cert", "tls_key", "server_tls", "server_ca", "server_cert",
        "server_key", "server_name", "trusted_proxies", "log_level", "port_file", "head_timeout",
        "body_timeout", "idle_timeout", "drain_timeout"}) {
    const std::string variable = "CAMPAIGNER_GATEWAY_" + absl::AsciiStrToUpper(name);
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr) continue;
    std::string error;
    if (!absl::FindCommandLineFlag(name)->ParseFrom(value, &error)) {
      return absl::InvalidArgumentError(fmt::format("{}: {}", variable, error));
    }
  }
  return absl::OkStatus();
}

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

absl::Status WritePortFile(const std::string& path, int port) {
  if (path.empty()) return absl::OkStatus();
  // Under another name first: a reader never sees half of it.
  const std::string draft = path + ".new";
  std::ofstream(draft) << port << "\n";
  if (std::rename(draft.c_str(), path.c_str()) == 0) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("--port_file: {} cannot be written", path));
}

absl::Status Run() {
  // Blocked before any thread is made, so that only sigwait takes them.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  ASSIGN_OR_RETURN(const LogLevel level, ParseLogLevel(absl::GetFlag(FLAGS_log_level)));
  base::SetLogLevel(level);
  ASSIGN_OR_RETURN(const GatewayOptions options, OptionsFromFlags());
  RaiseDescriptorLimit();
  ASSIGN_OR_RETURN(const auto gateway, Gateway::Start(options));
  RETURN_IF_ERROR(WritePortFile(absl::GetFlag(FLAGS_port_file), gateway->port()));
  base::LogInfo("gateway_started", {{"listen", options.http.listen},
                                    {"port", gateway->port()},
                                    {"server", options.server.target}});
  int signal = 0;
  sigwait(&ending, &signal);
  base::LogInfo("gateway_draining", {{"signal", signal}});
  gateway->Stop();
  base::LogInfo("gateway_stopped");
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  // Abseil's own guess of which flags are ours fails on a file named main.cc.
  absl::FlagsUsageConfig usage;
  usage.contains_help_flags = [](absl::string_view file) {
    return absl::EndsWith(file, "main.cc");
  };
  usage.contains_helpshort_flags = usage.contains_help_flags;
  absl::SetFlagsUsageConfig(usage);
  absl::SetProgramUsageMessage(
      "HTTP in front of campaigner-server: REST, the documented interfaces, receipts.");
  absl::Status status = ReadEnvironment();
  if (status.ok()) {
    const auto rest = absl::ParseCommandLine(argc, argv);
    status = rest.size() > 1
                 ? absl::InvalidArgumentError(fmt::format("unknown argument {}", rest[1]))
                 : Run();
  }
  if (status.ok()) return 0;
  fmt::print(stderr, "campaigner-gateway: {}\n", base::ToStd(status.message()));
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace
}  // namespace campaigner::gateway

int main(int argc, char** argv) { return campaigner::gateway::Main(argc, argv); }

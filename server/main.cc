// campaigner-server: accepts messages over gRPC, keeps them in one SQLite file, sends them, follows
// them to their end and tells whoever asked.

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/strings/match.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/server.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:50051",
          "Where gRPC is served: host:port (port 0: any free one), or unix:/path.");
ABSL_FLAG(std::string, data_dir, "./campaigner-data",
          "Folder of the database. One server at a time.");
ABSL_FLAG(std::string, config, "",
          "File of campaigner.config.ServerConfig in protobuf text format.");
ABSL_FLAG(std::string, metrics_listen, "127.0.0.1:9464",
          "Where GET /metrics is served: host:port. Empty: nowhere.");
ABSL_FLAG(std::string, tls_cert, "", "Certificate chain, PEM. Empty: no TLS.");
ABSL_FLAG(std::string, tls_key, "", "Key of the certificate, PEM.");
ABSL_FLAG(std::string, tls_client_ca, "",
          "Clients must show a certificate signed by one of these, PEM.");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error.");
ABSL_FLAG(std::string, admin_key_file, "",
          "Where a first start also writes the admin key (readable by the owner only).");
ABSL_FLAG(std::string, port_file, "", "Where the port that is really listened on is written.");
ABSL_FLAG(absl::Duration, drain_timeout, absl::Seconds(10),
          "How long a stop waits for what is under way.");

namespace campaigner {
namespace {

// Values of flags from the environment: CAMPAIGNER_LISTEN for --listen. The command line is read
// afterwards and wins.
absl::Status ReadEnvironment() {
  for (const char* name :
       {"listen", "data_dir", "config", "metrics_listen", "tls_cert", "tls_key", "tls_client_ca",
        "log_level", "admin_key_file", "port_file", "drain_timeout"}) {
    std::string variable = "CAMPAIGNER_";
    for (const char* c = name; *c != '\0'; ++c) variable += static_cast<char>(toupper(*c));
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr) continue;
    std::string error;
    if (!absl::FindCommandLineFlag(name)->ParseFrom(value, &error)) {
      return absl::InvalidArgumentError(fmt::format("{}: {}", variable, error));
    }
  }
  return absl::OkStatus();
}

absl::Status SetLogLevel(const std::string& level) {
  using base::LogLevel;
  const std::pair<const char*, LogLevel> kLevels[] = {{"debug", LogLevel::kDebug},
                                                      {"info", LogLevel::kInfo},
                                                      {"warning", LogLevel::kWarning},
                                                      {"error", LogLevel::kError}};
  for (const auto& [name, value] : kLevels) {
    if (level != name) continue;
    base::SetLogLevel(value);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("--log_level must be debug, info, warning or error");
}

absl::StatusOr<std::string> ReadConfig(const std::string& path) {
  if (path.empty()) return "";
  std::ifstream file(path);
  std::ostringstream content;
  if (!file) return absl::InvalidArgumentError(fmt::format("--config {} cannot be read", path));
  content << file.rdbuf();
  return content.str();
}

// Whole or not at all: who waits for the file never reads half of it.
absl::Status WriteFile(const std::string& path, const std::string& content) {
  const std::string draft = path + ".new";
  const int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  const bool is_written =
      fd >= 0 && fchmod(fd, S_IRUSR | S_IWUSR) == 0 &&
      write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      fsync(fd) == 0;
  if (fd >= 0) close(fd);
  if (is_written && rename(draft.c_str(), path.c_str()) == 0) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{} cannot be written", path));
}

absl::StatusOr<ServerOptions> ReadOptions() {
  ServerOptions options;
  options.listen = absl::GetFlag(FLAGS_listen);
  options.data_dir = absl::GetFlag(FLAGS_data_dir);
  ASSIGN_OR_RETURN(options.config_text, ReadConfig(absl::GetFlag(FLAGS_config)));
  options.metrics_listen = absl::GetFlag(FLAGS_metrics_listen);
  options.tls = {.certificate_path = absl::GetFlag(FLAGS_tls_cert),
                 .key_path = absl::GetFlag(FLAGS_tls_key),
                 .client_ca_path = absl::GetFlag(FLAGS_tls_client_ca)};
  options.drain_timeout = absl::GetFlag(FLAGS_drain_timeout);
  return options;
}

absl::Status Announce(const Server& server) {
  if (!server.admin_key().empty()) {
    // Once, and to standard output only: it is in no log.
    fmt::print("admin key: {}\n", server.admin_key());
    std::fflush(stdout);
    const std::string path = absl::GetFlag(FLAGS_admin_key_file);
    if (!path.empty()) RETURN_IF_ERROR(WriteFile(path, server.admin_key() + "\n"));
  }
  base::LogInfo("listening", {{"grpc", absl::GetFlag(FLAGS_listen)},
                              {"port", server.port()},
                              {"metrics_port", server.metrics_port()},
                              {"data_dir", absl::GetFlag(FLAGS_data_dir)}});
  const std::string path = absl::GetFlag(FLAGS_port_file);
  if (!path.empty()) RETURN_IF_ERROR(WriteFile(path, fmt::format("{}\n", server.port())));
  return absl::OkStatus();
}

absl::Status Run(const sigset_t& signals) {
  RETURN_IF_ERROR(SetLogLevel(absl::GetFlag(FLAGS_log_level)));
  ASSIGN_OR_RETURN(ServerOptions options, ReadOptions());
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Start(std::move(options)));
  RETURN_IF_ERROR(Announce(*server));
  int signal = 0;
  sigwait(&signals, &signal);
  base::LogInfo("stopping", {{"signal", signal}});
  server->Stop();
  base::LogInfo("stopped");
  return absl::OkStatus();
}

}  // namespace
}  // namespace campaigner

int main(int argc, char** argv) {
  // Abseil's own guess of which flags are ours fails on a file named main.cc.
  absl::FlagsUsageConfig usage;
  usage.contains_help_flags = [](absl::string_view file) {
    return absl::EndsWith(file, "main.cc");
  };
  usage.contains_helpshort_flags = usage.contains_help_flags;
  absl::SetFlagsUsageConfig(usage);
  absl::SetProgramUsageMessage(
      "Campaigner's server. Every flag can also be set by a variable: CAMPAIGNER_LISTEN for "
      "--listen.");
  absl::Status status = campaigner::ReadEnvironment();
  if (status.ok()) {
    absl::ParseCommandLine(argc, argv);
    // Before any thread is started: all inherit the mask, and only sigwait sees these.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signal(SIGPIPE, SIG_IGN);
    status = campaigner::Run(signals);
  }
  if (status.ok()) return 0;
  fmt::print(stderr, "campaigner-server: {}\n", campaigner::base::ToStd(status.message()));
  return 1;
}

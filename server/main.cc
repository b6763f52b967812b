// campaigner-server: accepts messages over gRPC, keeps them in one SQLite file, sends them, follows
// them to their end and tells whoever asked.

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "absl/flags/flag.h"
#include "server/base/log.h"
#include "server/base/program.h"
#include "server/base/status_macros.h"
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
ABSL_FLAG(std::string, admin_key_file, "",
          "Where a first start also writes the admin key (readable by the owner only).");
ABSL_FLAG(absl::Duration, drain_timeout, absl::Seconds(10),
          "How long a stop waits for what is under way.");

namespace campaigner {
namespace {

absl::StatusOr<std::string> ReadConfig(const std::string& path) {
  if (path.empty()) return "";
  std::ifstream file(path);
  std::ostringstream content;
  if (!file) return absl::InvalidArgumentError(fmt::format("--config {} cannot be read", path));
  content << file.rdbuf();
  return content.str();
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
    if (!path.empty()) {
      RETURN_IF_ERROR(base::WritePrivateFile(path, server.admin_key() + "\n"));
    }
  }
  base::LogInfo("listening", {{"grpc", absl::GetFlag(FLAGS_listen)},
                              {"port", server.port()},
                              {"metrics_port", server.metrics_port()},
                              {"data_dir", absl::GetFlag(FLAGS_data_dir)}});
  return base::AnnouncePort(server.port());
}

absl::Status Run(base::AwaitEnd await_end) {
  ASSIGN_OR_RETURN(ServerOptions options, ReadOptions());
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Start(std::move(options)));
  RETURN_IF_ERROR(Announce(*server));
  await_end();
  server->Stop();
  return absl::OkStatus();
}

}  // namespace
}  // namespace campaigner

int main(int argc, char** argv) {
  return campaigner::base::RunProgram({.name = "campaigner-server",
                                       .usage = "Campaigner's server.",
                                       .flags_file = __FILE__,
                                       .variable_prefix = "CAMPAIGNER_"},
                                      argc, argv, campaigner::Run);
}

#include "client/cli/session.h"
#include "server/base/status_macros.h"

namespace campaigner::cli {
namespace {

struct NoOptions {};

absl::Status Health(Session& session, const NoOptions& /*options*/) {
  RETURN_IF_ERROR(session.client.CheckHealth());
  session.out << (session.as_json ? "{\"status\": \"SERVING\"}\n" : "the server is serving\n");
  return absl::OkStatus();
}

}  // namespace

void AddHealthCommand(CLI::App& app, Action& action) {
  AddCommand<NoOptions>(
      app, action, "health", "Ask whether the server is serving",
      [](CLI::App& /*command*/, NoOptions& /*options*/) {}, Health);
}

}  // namespace campaigner::cli

#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "absl/status/statusor.h"
#include "client/cpp/options.h"

namespace campaigner::client {

// A channel to a server: connects when first used and again after a break, within two seconds of
// the server being back; a server that is silently gone is noticed within half a minute.
// INVALID_ARGUMENT names a TLS file that cannot be read.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options);

}  // namespace campaigner::client

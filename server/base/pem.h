#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace campaigner::base {

// TLS material, read and checked before gRPC gets it: gRPC takes broken files without a word and
// fails every handshake afterwards. All errors are INVALID_ARGUMENT, and name the file.

struct TlsKeyPair {
  // The chain, the own certificate first.
  std::string certificates;
  std::string key;
};

// A PEM file with one certificate or more, as it is. `what` names it in errors ("the client CA").
absl::StatusOr<std::string> ReadCertificates(const std::string& what, const std::string& path);

// A chain and the private key of its first certificate, as they are.
absl::StatusOr<TlsKeyPair> ReadTlsKeyPair(const std::string& certificate_path,
                                          const std::string& key_path);

}  // namespace campaigner::base

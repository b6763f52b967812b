#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct evp_mac_ctx_st;  // OpenSSL's EVP_MAC_CTX.

namespace campaigner::domain {

// What a reference names: a message, and how often it had been sent again by hand by then.
struct Referred {
  int64_t message_id = 0;
  int32_t round = 0;
  bool operator==(const Referred&) const = default;
};

// Our reference for a message at a provider: it is the same for every attempt of a round, so that a
// provider that de-duplicates sees one, and it names the message in receipts. "<id in base 36>[.<
// round in base 36>]-<16 hex digits of MAC>": the first 8 bytes of HMAC-SHA256 over what stands
// before the dash. Round 0 is not written. Thread-safe; copies share the key.
class ReferenceSigner {
 public:
  // `secret`: 32 random bytes, kept in storage for good: receipts come days later.
  explicit ReferenceSigner(const std::string& secret);

  std::string Sign(const Referred& referred) const;
  // PERMISSION_DENIED when the MAC does not fit, in constant time.
  absl::StatusOr<Referred> Verify(std::string_view reference) const;

 private:
  // Set up with the secret, never changed: threads work on copies.
  std::shared_ptr<const evp_mac_ctx_st> keyed_;
};

}  // namespace campaigner::domain

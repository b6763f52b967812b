#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace campaigner::rpc {

// Where a list goes on, as something that callers pass back and cannot make up: it holds only for
// the account and the request it was given for; page_size alone may change between pages.
// Thread-safe.
class PageTokens {
 public:
  // `secret`: random bytes, kept in storage, so that tokens survive a restart.
  explicit PageTokens(std::string secret) : secret_(std::move(secret)) {}

  // `after_id` 0 is the end of the list: an empty token.
  std::string Make(const google::protobuf::Message& request, int64_t account_id,
                   int64_t after_id) const;
  // The `after_id`; 0 for an empty token. INVALID_ARGUMENT, field page_token, for one that was not
  // given for this request.
  absl::StatusOr<int64_t> Read(const google::protobuf::Message& request, int64_t account_id,
                               std::string_view token) const;

 private:
  std::string Seal(const google::protobuf::Message& request, int64_t account_id,
                   int64_t after_id) const;

  const std::string secret_;
};

}  // namespace campaigner::rpc

#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/net/http_client.h"
#include "server/providers/provider.h"

namespace campaigner::providers {

// See KannelConfig; the password is resolved.
struct KannelOptions {
  std::string url = "http://127.0.0.1:13013/cgi-bin/sendsms";
  std::string username = {};
  std::string password = {};
  std::string default_sender = {};
  std::string smsc = {};
  absl::Duration timeout = absl::Seconds(10);
  bool confirm_submission = false;
};

// SMS through Kannel's HTTP sendsms (Kannel 1.4.5, User Guide, "SMS Push"). INVALID_ARGUMENT names
// the field. `http` must outlive the provider.
absl::StatusOr<std::unique_ptr<Provider>> MakeKannelProvider(const std::string& name,
                                                             KannelOptions options,
                                                             net::HttpClient& http);

}  // namespace campaigner::providers

#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace campaigner::gateway::native {

// One HTTP route of an RPC, as its google.api.http annotation says.
struct HttpRpc {
  const google::protobuf::MethodDescriptor* method = nullptr;
  std::string http_method;
  std::string pattern;
  // Which field the body is; "*": the whole request; empty: there is no body.
  std::string body;

  // "/campaigner.v1.CampaignService/GetCampaign".
  std::string FullName() const;
  // How long it may take, where it is unary.
  absl::Duration Timeout() const;
};

// Every route of every RPC of the API, in the order of the .proto files.
std::vector<HttpRpc> AllHttpRpcs();

// The files with the API's services.
std::vector<const google::protobuf::FileDescriptor*> ApiFiles();

}  // namespace campaigner::gateway::native

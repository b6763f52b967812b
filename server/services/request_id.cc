#include "server/services/request_id.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>

#include "server/base/limits.h"
#include "server/rpc/auth.h"

namespace campaigner::services {

void CheckRequestId(std::string_view request_id, Violations& violations) {
  const bool is_printable = std::all_of(request_id.begin(), request_id.end(),
                                        [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (request_id.size() > base::limits::kRequestIdBytesMax || !is_printable) {
    violations.Add("request_id", fmt::format("must be at most {} printable ASCII characters",
                                             base::limits::kRequestIdBytesMax));
  }
}

std::string HashRequest(const google::protobuf::Message& request) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  return rpc::HashSecret(bytes);
}

}  // namespace campaigner::services

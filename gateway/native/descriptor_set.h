#pragma once

#include <string_view>

namespace campaigner::gateway::native {

// The API's .proto files with their comments, as a serialized google.protobuf.FileDescriptorSet.
// Made by the build from proto/.
std::string_view DescriptorSetBytes();

}  // namespace campaigner::gateway::native

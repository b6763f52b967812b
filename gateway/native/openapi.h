#pragma once

#include <string>

namespace campaigner::gateway::native {

// The OpenAPI 3.0 document of the native interface, made from the descriptors of the API and, for
// descriptions, from the comments in its .proto files. The same for the life of the program.
std::string OpenApiDocument();

}  // namespace campaigner::gateway::native

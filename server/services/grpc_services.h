#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include <memory>
#include <vector>

#include "server/services/environment.h"

namespace campaigner::services {

// All services of campaigner.v1, for a GrpcServer. `env` must outlive them.
std::vector<std::unique_ptr<grpc::Service>> MakeGrpcServices(const Environment& env);

}  // namespace campaigner::services

#include "gateway/dialects/dialect.h"
#include "gateway/dialects/o3go.h"

namespace campaigner::gateway::dialects {
namespace {

constexpr Dialect kDialects[] = {
    {.name = "o3go", .routes = O3goRoutes},
};

}  // namespace

std::span<const Dialect> AllDialects() { return kDialects; }

}  // namespace campaigner::gateway::dialects

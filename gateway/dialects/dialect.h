#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "gateway/backend.h"
#include "gateway/http/router.h"

namespace campaigner::gateway::dialects {

// One documented interface: a skin that parses, passes the key on, calls the server and formats,
// and decides nothing. Each is one pair of files with its routes and its pure functions, request in
// and response out, and a row in registry.cc.
struct Dialect {
  std::string_view name;
  // `backend` outlives the routes.
  std::vector<http::Route> (*routes)(Backend& backend);
};

// Every dialect there is.
std::span<const Dialect> AllDialects();

}  // namespace campaigner::gateway::dialects

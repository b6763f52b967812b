#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace campaigner::storage {

struct PickedRoute {
  int64_t id = 0;
  // Of a segment, in millionths.
  int64_t price_micros = 0;
};

// Which route carries a recipient of a channel; nullopt: none does. What the configuration says,
// for a store that knows routes by their numbers alone. Called on the store's threads: thread-safe,
// and quick.
using RoutePicker =
    std::function<std::optional<PickedRoute>(std::string_view channel, std::string_view recipient)>;

}  // namespace campaigner::storage

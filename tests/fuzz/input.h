#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace campaigner::fuzz {

inline std::string_view Text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// What must hold for every input.
inline void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace campaigner::fuzz

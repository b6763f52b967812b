#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/container/flat_hash_set.h"

namespace campaigner::imports {

// The addresses of a campaign, to find out which come twice. Phone numbers are kept exactly, in
// compressed bitmaps: two or three bytes each. Of other addresses a 64-bit hash is kept: among n of
// them the odds that any two are mistaken for one are n^2 / 2^65, for ten million 1 to 400,000.
// For one thread at a time.
class AddressSet {
 public:
  AddressSet();
  ~AddressSet();

  // False if it is there already.
  bool Insert(std::string_view address);

 private:
  struct Numbers;
  const std::unique_ptr<Numbers> numbers_;
  absl::flat_hash_set<uint64_t> hashes_;
};

}  // namespace campaigner::imports

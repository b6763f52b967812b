#include "server/imports/address_set.h"

#include <charconv>
#include <optional>
#include <roaring/roaring64map.hh>

#include "absl/hash/hash.h"
#include "server/base/text.h"

namespace campaigner::imports {
namespace {

// More digits might not fit into 64 bits; E.164 has 15.
constexpr size_t kDigitsMax = 18;

// As a number, if the text is nothing but its decimal form.
std::optional<uint64_t> AsNumber(std::string_view address) {
  if (address.empty() || address.size() > kDigitsMax || address.front() == '0') {
    return std::nullopt;
  }
  uint64_t number = 0;
  const char* const end = address.data() + address.size();
  const auto [stopped_at, error] = std::from_chars(address.data(), end, number);
  if (error != std::errc() || stopped_at != end) return std::nullopt;
  return number;
}

}  // namespace

struct AddressSet::Numbers {
  Roaring64Map map;
};

AddressSet::AddressSet() : numbers_(std::make_unique<Numbers>()) {}
AddressSet::~AddressSet() = default;

bool AddressSet::Insert(std::string_view address) {
  if (const std::optional<uint64_t> number = AsNumber(address)) {
    return numbers_->map.addChecked(*number);
  }
  return hashes_.insert(absl::Hash<absl::string_view>()(base::ToAbsl(address))).second;
}

}  // namespace campaigner::imports

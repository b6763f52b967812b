#include "server/providers/registry.h"

#include <algorithm>
#include <utility>

#include "server/domain/errors/requests.h"

namespace campaigner::providers {
namespace {

constexpr size_t kNameCharsMax = 64;

bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= kNameCharsMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '_' || c == '-';
         });
}

// One row for each kind of provider.
struct Maker {
  const std::string& name;
  ProviderContext& context;

  absl::StatusOr<std::unique_ptr<Provider>> operator()(const SimulatorOptions& options) const {
    return SimulatorProvider::Make(name, options, context.clock, std::move(context.receipts));
  }
  absl::StatusOr<std::unique_ptr<Provider>> operator()(const KannelOptions& options) const {
    return MakeKannelProvider(name, options, context.http);
  }
  absl::StatusOr<std::unique_ptr<Provider>> operator()(const HttpOptions& options) const {
    return MakeHttpProvider(name, options, context.http);
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<Provider>> MakeProvider(const ProviderOptions& options,
                                                       ProviderContext context) {
  if (!IsName(options.name)) {
    return domain::errors::InvalidField("providers.name",
                                        "must be 1 to 64 letters, digits, \"_\" and \"-\"");
  }
  return std::visit(Maker{options.name, context}, options.kind);
}

}  // namespace campaigner::providers

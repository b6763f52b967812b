#include "server/domain/reference.h"
#include "tests/fuzz/input.h"

using campaigner::fuzz::Require;

// Whoever does not know the secret finds no second way to write a reference.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const kSigner =
      new campaigner::domain::ReferenceSigner(std::string(32, '\x07'));
  const std::string_view text = campaigner::fuzz::Text(data, size);
  const auto referred = kSigner->Verify(text);
  if (referred.ok()) Require(kSigner->Sign(*referred) == text);
  return 0;
}

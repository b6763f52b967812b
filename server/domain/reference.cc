#include "server/domain/reference.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <charconv>
#include <cstdlib>

#include "server/base/text.h"
#include "server/domain/errors/resources.h"

namespace campaigner::domain {
namespace {

constexpr size_t kMacBytes = 8;
constexpr int kIdBase = 36;
constexpr size_t kIdCharsMax = 13;
constexpr size_t kRoundCharsMax = 6;
constexpr size_t kNameCharsMax = kIdCharsMax + 1 + kRoundCharsMax;
constexpr size_t kReferenceCharsMax = kNameCharsMax + 1 + 2 * kMacBytes;

using Context = std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)>;

// OpenSSL's HMAC of a short text fails only without memory, where nothing else goes on either.
void Check(bool is_ok) {
  if (!is_ok) std::abort();
}

Context KeyedContext(const std::string& secret) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(
      EVP_MAC_fetch(nullptr, "HMAC", nullptr), &EVP_MAC_free);
  Context context(EVP_MAC_CTX_new(mac.get()), &EVP_MAC_CTX_free);
  char digest[] = "SHA256";
  const std::array params = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                             OSSL_PARAM_construct_end()};
  Check(context != nullptr &&
        EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(secret.data()),
                     secret.size(), params.data()) == 1);
  return context;
}

// A context of this thread for the key of `keyed`. Starting one anew with its key costs less than
// half of copying it.
EVP_MAC_CTX* ThreadContext(const std::shared_ptr<const EVP_MAC_CTX>& keyed) {
  thread_local std::shared_ptr<const EVP_MAC_CTX> origin;
  thread_local Context context(nullptr, &EVP_MAC_CTX_free);
  if (origin != keyed) {
    context.reset(EVP_MAC_CTX_dup(keyed.get()));
    origin = keyed;
  }
  Check(context != nullptr && EVP_MAC_init(context.get(), nullptr, 0, nullptr) == 1);
  return context.get();
}

}  // namespace

ReferenceSigner::ReferenceSigner(const std::string& secret)
    : keyed_(KeyedContext(secret).release(), &EVP_MAC_CTX_free) {}

std::string ReferenceSigner::Sign(const Referred& referred) const {
  // One more for a sign.
  std::array<char, kNameCharsMax + 1> name;
  char* const name_max = name.data() + name.size();
  char* name_end = std::to_chars(name.data(), name_max, referred.message_id, kIdBase).ptr;
  if (referred.round > 0) {
    *name_end++ = '.';
    name_end = std::to_chars(name_end, name_max, referred.round, kIdBase).ptr;
  }
  const auto name_size = static_cast<size_t>(name_end - name.data());

  EVP_MAC_CTX* const context = ThreadContext(keyed_);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
  size_t mac_size = 0;
  Check(EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(name.data()), name_size) ==
            1 &&
        EVP_MAC_final(context, mac.data(), &mac_size, mac.size()) == 1);

  std::string reference;
  reference.reserve(kReferenceCharsMax);
  reference.append(name.data(), name_size);
  reference += '-';
  reference += base::ToHex({reinterpret_cast<const char*>(mac.data()), kMacBytes});
  return reference;
}

absl::StatusOr<Referred> ReferenceSigner::Verify(std::string_view reference) const {
  if (reference.size() > kReferenceCharsMax) return errors::ReferenceInvalid();
  Referred referred;
  const char* const end = reference.data() + reference.size();
  auto parsed = std::from_chars(reference.data(), end, referred.message_id, kIdBase);
  if (parsed.ec != std::errc() || referred.message_id <= 0) return errors::ReferenceInvalid();
  if (parsed.ptr != end && *parsed.ptr == '.') {
    parsed = std::from_chars(parsed.ptr + 1, end, referred.round, kIdBase);
    if (parsed.ec != std::errc()) return errors::ReferenceInvalid();
  }
  // Compared as a whole, so that there is only one way to write a reference.
  const std::string expected = Sign(referred);
  if (expected.size() != reference.size() ||
      CRYPTO_memcmp(expected.data(), reference.data(), expected.size()) != 0) {
    return errors::ReferenceInvalid();
  }
  return referred;
}

}  // namespace campaigner::domain

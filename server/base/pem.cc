#include "server/base/pem.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "server/base/status_macros.h"

namespace campaigner::base {
namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

absl::StatusOr<std::string> ReadFile(const std::string& what, const std::string& path) {
  std::ifstream file(path);
  std::ostringstream content;
  // A folder opens, but does not read.
  if (!file || !(content << file.rdbuf())) {
    return absl::InvalidArgumentError(fmt::format("{} {} cannot be read", what, path));
  }
  return content.str();
}

Memory Open(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
}

Certificate FirstCertificate(const std::string& pem) {
  Certificate certificate(PEM_read_bio_X509(Open(pem).get(), nullptr, nullptr, nullptr), X509_free);
  ERR_clear_error();
  return certificate;
}

PrivateKey ReadKey(const std::string& pem) {
  // A key under a password is refused, rather than asked for on the terminal.
  char no_password[] = "";
  PrivateKey key(PEM_read_bio_PrivateKey(Open(pem).get(), nullptr, nullptr, no_password),
                 EVP_PKEY_free);
  ERR_clear_error();
  return key;
}

}  // namespace

absl::StatusOr<std::string> ReadCertificates(const std::string& what, const std::string& path) {
  ASSIGN_OR_RETURN(std::string pem, ReadFile(what, path));
  if (FirstCertificate(pem) == nullptr) {
    return absl::InvalidArgumentError(fmt::format("{} {} holds no PEM certificate", what, path));
  }
  return pem;
}

absl::StatusOr<TlsKeyPair> ReadTlsKeyPair(const std::string& certificate_path,
                                          const std::string& key_path) {
  TlsKeyPair pair;
  ASSIGN_OR_RETURN(pair.certificates, ReadCertificates("the TLS certificate", certificate_path));
  ASSIGN_OR_RETURN(pair.key, ReadFile("the TLS key", key_path));
  const PrivateKey key = ReadKey(pair.key);
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        fmt::format("the TLS key {} is no PEM key without a password", key_path));
  }
  if (X509_check_private_key(FirstCertificate(pair.certificates).get(), key.get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(
        fmt::format("the TLS key {} is not that of certificate {}", key_path, certificate_path));
  }
  return pair;
}

}  // namespace campaigner::base

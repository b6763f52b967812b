#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace campaigner::testing {

// PEM files.
struct CertificateFiles {
  std::string certificate;
  std::string key;
};

// An authority of a test's own, valid for an hour around now. Its files lie in a folder that must
// outlive it. Failures are gtest's. For one thread.
class CertificateAuthority {
 public:
  // `name`: of the authority, and the start of its files' names.
  CertificateAuthority(std::string dir, std::string name);

  // Whoever trusts this file trusts what it issues.
  const std::string& certificate_path() const { return path_; }

  // A certificate for a host, which is a DNS name or an IPv4 address, and its key.
  CertificateFiles Issue(const std::string& host) const;

 private:
  const std::string dir_;
  const std::string name_;
  const std::string path_;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

}  // namespace campaigner::testing

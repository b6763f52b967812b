#include "server/domain/email.h"

#include <unicode/uidna.h>

#include <algorithm>
#include <array>

#include "server/base/status_macros.h"
#include "server/base/text.h"

namespace campaigner::domain {
namespace {

// RFC 5321, 4.5.3.1: octets of the local part, of the domain, and of a path without its brackets.
constexpr size_t kLocalBytesMax = 64;
constexpr size_t kDomainBytesMax = 255;
constexpr size_t kAddressBytesMax = 254;
// RFC 1035, 2.3.4.
constexpr size_t kLabelBytesMax = 63;
// Bytes of UTF-8 that may become a domain: four for each of its characters.
constexpr size_t kInputBytesMax = kLocalBytesMax + 1 + 4 * kDomainBytesMax;

absl::Status Refuse(const char* why) { return absl::InvalidArgumentError(why); }

bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n";
  const size_t begin = text.find_first_not_of(kWhite);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhite) + 1 - begin);
}

// Dot-string of RFC 5321.
absl::Status CheckLocalPart(std::string_view local) {
  if (local.empty()) return Refuse("has no name before the @");
  if (local.size() > kLocalBytesMax) return Refuse("has more than 64 characters before the @");
  constexpr std::string_view kOthers = "!#$%&'*+-/=?^_`{|}~.";
  for (const char c : local) {
    if (!IsLetterOrDigit(c) && kOthers.find(c) == std::string_view::npos) {
      return Refuse("has a character before the @ that an e-mail address cannot have");
    }
  }
  if (local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos) {
    return Refuse("has a dot in a wrong place before the @");
  }
  return absl::OkStatus();
}

absl::Status CheckLabel(std::string_view label) {
  if (label.empty()) return Refuse("has a dot in a wrong place behind the @");
  if (label.size() > kLabelBytesMax || !IsLetterOrDigit(label.front()) ||
      !IsLetterOrDigit(label.back()) || !std::all_of(label.begin(), label.end(), [](char c) {
        return IsLetterOrDigit(c) || c == '-';
      })) {
    return Refuse("has no valid domain behind the @");
  }
  return absl::OkStatus();
}

absl::Status CheckDomain(std::string_view domain) {
  if (domain.size() > kDomainBytesMax) return Refuse("has a domain that is too long");
  if (domain.find('.') == std::string_view::npos) return Refuse("has no full domain behind the @");
  std::string_view label;
  for (std::string_view rest = domain;;) {
    const size_t dot = rest.find('.');
    label = rest.substr(0, dot);
    RETURN_IF_ERROR(CheckLabel(label));
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  // An IPv4 address is no domain.
  const bool is_number =
      std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? Refuse("has no valid domain behind the @") : absl::OkStatus();
}

absl::StatusOr<std::string> DomainToAscii(std::string_view domain) {
  static const UIDNA* const kIdna = [] {
    UErrorCode error = U_ZERO_ERROR;
    return uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_USE_STD3_RULES |
                               UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ,
                           &error);
  }();
  std::array<char, kDomainBytesMax + 1> ascii;
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  UErrorCode error = U_ZERO_ERROR;
  const int32_t size =
      uidna_nameToASCII_UTF8(kIdna, domain.data(), static_cast<int32_t>(domain.size()),
                             ascii.data(), static_cast<int32_t>(ascii.size()), &info, &error);
  if (U_FAILURE(error) || info.errors != 0) return Refuse("has no valid domain behind the @");
  return std::string(ascii.data(), static_cast<size_t>(size));
}

}  // namespace

absl::StatusOr<std::string> NormalizeEmail(std::string_view address) {
  address = Trim(address);
  if (address.size() > kInputBytesMax) return Refuse("is too long for an e-mail address");
  if (!base::IsValidUtf8(address)) return Refuse("is not valid UTF-8");
  const size_t at = address.rfind('@');
  if (at == std::string_view::npos) return Refuse("is not an e-mail address: it has no @");
  if (at + 1 == address.size()) return Refuse("has no domain behind the @");
  std::string normal(address.substr(0, at));
  std::transform(normal.begin(), normal.end(), normal.begin(), ToLower);
  RETURN_IF_ERROR(CheckLocalPart(normal));
  std::string domain(address.substr(at + 1));
  std::transform(domain.begin(), domain.end(), domain.begin(), ToLower);
  const bool is_ascii = std::all_of(domain.begin(), domain.end(),
                                    [](char c) { return static_cast<uint8_t>(c) < 0x80; });
  // What has "xn--" in it has to be checked as what it stands for.
  if (!is_ascii || domain.find("xn--") != std::string::npos) {
    ASSIGN_OR_RETURN(domain, DomainToAscii(domain));
  }
  RETURN_IF_ERROR(CheckDomain(domain));
  normal += '@';
  normal += domain;
  if (normal.size() > kAddressBytesMax) return Refuse("is too long for an e-mail address");
  return normal;
}

}  // namespace campaigner::domain

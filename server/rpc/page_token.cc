#include "server/rpc/page_token.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <cstring>
#include <memory>

#include "absl/strings/escaping.h"
#include "server/base/text.h"
#include "server/domain/errors/requests.h"

namespace campaigner::rpc {
namespace {

constexpr size_t kMacBytes = 16;

void ClearField(google::protobuf::Message& message, const char* name) {
  const auto* field = message.GetDescriptor()->FindFieldByName(name);
  if (field != nullptr) message.GetReflection()->ClearField(&message, field);
}

// Everything that the list depends on, as bytes.
std::string Arguments(const google::protobuf::Message& request, int64_t account_id) {
  const std::unique_ptr<google::protobuf::Message> copy(request.New());
  copy->CopyFrom(request);
  ClearField(*copy, "page_token");
  ClearField(*copy, "page_size");
  std::string bytes = request.GetDescriptor()->full_name() + '\0' + std::to_string(account_id);
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    copy->SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace

std::string PageTokens::Seal(const google::protobuf::Message& request, int64_t account_id,
                             int64_t after_id) const {
  std::string sealed(sizeof after_id, '\0');
  std::memcpy(sealed.data(), &after_id, sizeof after_id);
  const std::string signed_bytes = sealed + Arguments(request, account_id);
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int mac_size = 0;
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(signed_bytes.data()), signed_bytes.size(), mac,
       &mac_size);
  return sealed.append(reinterpret_cast<const char*>(mac), kMacBytes);
}

std::string PageTokens::Make(const google::protobuf::Message& request, int64_t account_id,
                             int64_t after_id) const {
  if (after_id == 0) return "";
  return absl::WebSafeBase64Escape(Seal(request, account_id, after_id));
}

absl::StatusOr<int64_t> PageTokens::Read(const google::protobuf::Message& request,
                                         int64_t account_id, std::string_view token) const {
  if (token.empty()) return 0;
  std::string sealed;
  int64_t after_id = 0;
  if (absl::WebSafeBase64Unescape(base::ToAbsl(token), &sealed) &&
      sealed.size() == sizeof after_id + kMacBytes) {
    std::memcpy(&after_id, sealed.data(), sizeof after_id);
    const std::string expected = Seal(request, account_id, after_id);
    if (CRYPTO_memcmp(expected.data(), sealed.data(), sealed.size()) == 0) return after_id;
  }
  return domain::errors::InvalidField("page_token", "was not given for this request");
}

}  // namespace campaigner::rpc

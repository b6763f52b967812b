#include "gateway/credentials.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "server/base/text.h"

namespace campaigner::gateway {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

v1::Credentials MakeCredentials(std::string_view api_key, std::string_view client_address) {
  const bool is_printable = std::all_of(api_key.begin(), api_key.end(), [](char c) {
    return absl::ascii_isprint(static_cast<unsigned char>(c));
  });
  v1::Credentials credentials;
  credentials.set_api_key(is_printable ? std::string(api_key) : "?");
  credentials.set_client_address(std::string(client_address));
  return credentials;
}

v1::Credentials CredentialsOf(const http::Request& request) {
  constexpr std::string_view kBearer = "Bearer ";
  std::string_view key;
  const auto authorization = request.Header("Authorization");
  if (const auto header = request.Header("X-Api-Key")) {
    key = *header;
  } else if (authorization &&
             absl::StartsWithIgnoreCase(base::ToAbsl(*authorization), base::ToAbsl(kBearer))) {
    key = authorization->substr(kBearer.size());
    key.remove_prefix(std::min(key.find_first_not_of(' '), key.size()));
  }
  return MakeCredentials(key, request.client_address);
}

void RemoveCredentials(Message& message) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    if (field->message_type() == v1::Credentials::descriptor()) {
      reflection.ClearField(&message, field);
    } else if (field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        RemoveCredentials(*reflection.MutableRepeatedMessage(&message, field, i));
      }
    } else {
      RemoveCredentials(*reflection.MutableMessage(&message, field));
    }
  }
}

}  // namespace campaigner::gateway

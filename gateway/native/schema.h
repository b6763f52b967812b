#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

// OpenAPI 3.0 schemas of protobuf types, by protobuf's JSON mapping.
namespace campaigner::gateway::native {

using Json = nlohmann::ordered_json;

// The schema of one field's value. Messages become references into "components"; they are noted in
// `needed`, by their name there.
Json FieldSchema(const google::protobuf::FieldDescriptor& field,
                 std::map<std::string, const google::protobuf::Descriptor*>& needed);

// A reference to a message's schema, noted in `needed`; types with a JSON form of their own
// (Timestamp ..) are written out.
Json MessageReference(const google::protobuf::Descriptor& type,
                      std::map<std::string, const google::protobuf::Descriptor*>& needed);

// The schema of a message itself.
Json MessageSchema(const google::protobuf::Descriptor& type,
                   std::map<std::string, const google::protobuf::Descriptor*>& needed);

// The comment above a descriptor in its .proto, as one paragraph; empty without one.
template <typename AnyDescriptor>
std::string CommentOf(const AnyDescriptor& descriptor) {
  google::protobuf::SourceLocation location;
  if (!descriptor.GetSourceLocation(&location)) return {};
  std::string comment = location.leading_comments;
  for (char& c : comment) {
    if (c == '\n') c = ' ';
  }
  const size_t begin = comment.find_first_not_of(' ');
  if (begin == std::string::npos) return {};
  return comment.substr(begin, comment.find_last_not_of(' ') - begin + 1);
}

}  // namespace campaigner::gateway::native

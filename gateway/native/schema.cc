#include "gateway/native/schema.h"

#include <string_view>

namespace campaigner::gateway::native {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using Needed = std::map<std::string, const Descriptor*>;

struct KnownType {
  std::string_view name;
  std::string_view type;
  std::string_view format;
};

constexpr KnownType kKnownTypes[] = {
    {"google.protobuf.Timestamp", "string", "date-time"},
    {"google.protobuf.Duration", "string", "duration"},
    {"google.protobuf.FieldMask", "string", "field-mask"},
    {"google.protobuf.Empty", "object", ""},
    {"google.protobuf.Any", "object", ""},
};

Json TypeSchema(std::string_view type, std::string_view format) {
  Json schema = {{"type", type}};
  if (!format.empty()) schema["format"] = format;
  return schema;
}

Json EnumSchema(const google::protobuf::EnumDescriptor& type) {
  Json schema = TypeSchema("string", "");
  for (int i = 0; i < type.value_count(); ++i) schema["enum"].push_back(type.value(i)->name());
  return schema;
}

Json ValueSchema(const FieldDescriptor& field, Needed& needed) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32: return TypeSchema("integer", "int32");
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64: return TypeSchema("string", "int64");
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT: return TypeSchema("number", "double");
    case FieldDescriptor::CPPTYPE_BOOL: return TypeSchema("boolean", "");
    case FieldDescriptor::CPPTYPE_ENUM: return EnumSchema(*field.enum_type());
    case FieldDescriptor::CPPTYPE_STRING:
      return TypeSchema("string", field.type() == FieldDescriptor::TYPE_BYTES ? "byte" : "");
    case FieldDescriptor::CPPTYPE_MESSAGE: break;
  }
  return MessageReference(*field.message_type(), needed);
}

}  // namespace

Json MessageReference(const Descriptor& type, Needed& needed) {
  for (const KnownType& known : kKnownTypes) {
    if (known.name == type.full_name()) return TypeSchema(known.type, known.format);
  }
  needed.emplace(type.full_name(), &type);
  return {{"$ref", "#/components/schemas/" + type.full_name()}};
}

Json FieldSchema(const FieldDescriptor& field, Needed& needed) {
  Json schema;
  if (field.is_map()) {
    schema = TypeSchema("object", "");
    schema["additionalProperties"] = ValueSchema(*field.message_type()->map_value(), needed);
  } else if (field.is_repeated()) {
    schema = TypeSchema("array", "");
    schema["items"] = ValueSchema(field, needed);
  } else {
    schema = ValueSchema(field, needed);
  }
  const std::string comment = CommentOf(field);
  if (comment.empty()) return schema;
  // Nothing may stand beside a "$ref".
  if (schema.contains("$ref")) schema = {{"allOf", Json::array({schema})}};
  schema["description"] = comment;
  return schema;
}

Json MessageSchema(const Descriptor& type, Needed& needed) {
  Json schema = TypeSchema("object", "");
  const std::string comment = CommentOf(type);
  if (!comment.empty()) schema["description"] = comment;
  for (int i = 0; i < type.field_count(); ++i) {
    schema["properties"][type.field(i)->json_name()] = FieldSchema(*type.field(i), needed);
  }
  return schema;
}

}  // namespace campaigner::gateway::native

#include "gateway/native/binding.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/credentials.h"
#include "gateway/http/uri.h"
#include "gateway/json_check.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/text.h"

namespace campaigner::gateway::native {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
namespace json_util = google::protobuf::util;

// Bytes of a field's name in an error: it may be the caller's invention.
constexpr size_t kFieldNameBytesMax = 128;

// protobuf says "(campaign.order): invalid value ..", "(campaign) colour: Cannot find field.", and
// quotes the caller's text behind that.
absl::Status JsonError(std::string_view text) {
  std::string path;
  if (text.starts_with('(')) {
    const size_t end = text.find(')');
    path = text.substr(1, end == text.npos ? text.npos : end - 1);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  const size_t unknown = text.find(": Cannot find field.");
  if (unknown == text.npos) return FieldError(path, "has a value of the wrong type or range");
  const std::string_view name = text.substr(0, unknown);
  const size_t begin = name.find_first_not_of(' ');
  if (!path.empty()) path += '.';
  if (begin != name.npos) path += name.substr(begin);
  return FieldError(path, "is not a field of the request");
}

absl::Status ParseLenient(std::string_view text, bool ignores_case, Message& message) {
  json_util::JsonParseOptions options;
  options.case_insensitive_enum_parsing = ignores_case;
  const auto status = json_util::JsonStringToMessage({text.data(), text.size()}, &message, options);
  if (status.ok()) return absl::OkStatus();
  return JsonError({status.message().data(), status.message().size()});
}

// A field by its name in the .proto or in JSON.
const FieldDescriptor* FindField(const Descriptor& type, const std::string& name) {
  if (const auto* field = type.FindFieldByName(name)) return field;
  return type.FindFieldByCamelcaseName(name);
}

// Whether its JSON is a single string (Timestamp, Duration, FieldMask).
bool IsStringInJson(const Descriptor& type) {
  return type.full_name() == "google.protobuf.Timestamp" ||
         type.full_name() == "google.protobuf.Duration" ||
         type.full_name() == "google.protobuf.FieldMask";
}

// Puts one parameter into a JSON document for a message of `type`.
absl::Status AddParameter(const Descriptor& type, const std::string& path, const std::string& value,
                          nlohmann::json& document) {
  if (value.find('\0') != std::string::npos || !base::IsValidUtf8(value)) {
    return FieldError(path, "must be UTF-8 without NUL");
  }
  const Descriptor* owner = &type;
  nlohmann::json* place = &document;
  std::string_view rest = path;
  while (true) {
    const size_t dot = rest.find('.');
    const FieldDescriptor* field =
        owner == nullptr ? nullptr : FindField(*owner, std::string(rest.substr(0, dot)));
    if (field == nullptr) return FieldError(path, "is not a field of the request");
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    const bool is_plain = !is_message || IsStringInJson(*field->message_type());
    place = &(*place)[field->name()];
    if (dot != rest.npos) {
      if (is_plain || field->is_repeated()) return FieldError(path, "has no fields");
      owner = field->message_type();
      rest.remove_prefix(dot + 1);
      continue;
    }
    if (!is_plain) return FieldError(path, "is a message: name its fields");
    if (field->is_repeated()) {
      place->push_back(value);
    } else if (!place->is_null()) {
      return FieldError(path, "is given twice");
    } else {
      *place = value;
    }
    return absl::OkStatus();
  }
}

void ClearField(Message& message, const std::string& path) {
  Message* owner = &message;
  std::string_view rest = path;
  while (true) {
    const size_t dot = rest.find('.');
    const auto* field = FindField(*owner->GetDescriptor(), std::string(rest.substr(0, dot)));
    if (field == nullptr) return;
    if (dot == rest.npos) return owner->GetReflection()->ClearField(owner, field);
    owner = owner->GetReflection()->MutableMessage(owner, field);
    rest.remove_prefix(dot + 1);
  }
}

absl::Status BindBody(const HttpRpc& rpc, const std::string& body, Message& message) {
  if (rpc.body == "*") return ParseJson(body, message);
  if (rpc.body.empty()) {
    return body.empty() ? absl::OkStatus() : FieldError("", "takes no body");
  }
  const auto* field = message.GetDescriptor()->FindFieldByName(rpc.body);
  return ParseJson(body, *message.GetReflection()->MutableMessage(&message, field));
}

}  // namespace

absl::Status FieldError(std::string_view field, std::string_view description) {
  std::string name = base::Printable(field, kFieldNameBytesMax);
  return base::MakeError(absl::StatusCode::kInvalidArgument,
                         name.empty() ? fmt::format("the request {}", description)
                                      : fmt::format("{} {}", name, description),
                         {.reason = "INVALID_FIELD",
                          .metadata = {{"field", name}},
                          .violations = {{name, std::string(description)}}});
}

absl::Status ParseJson(std::string_view json, Message& message) {
  if (json.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckStrictJson(json));
  return ParseLenient(json, false, message);
}

absl::Status BindParameters(const http::Parameters& parameters, Message& message) {
  if (parameters.empty()) return absl::OkStatus();
  nlohmann::json document = nlohmann::json::object();
  for (const auto& [name, value] : parameters) {
    RETURN_IF_ERROR(AddParameter(*message.GetDescriptor(), name, value, document));
  }
  const std::unique_ptr<Message> bound(message.New());
  RETURN_IF_ERROR(ParseLenient(document.dump(), true, *bound));
  message.MergeFrom(*bound);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Message>> BindRequest(const HttpRpc& rpc,
                                                     const http::Request& request) {
  auto& factory = *google::protobuf::MessageFactory::generated_factory();
  std::unique_ptr<Message> message(factory.GetPrototype(rpc.method->input_type())->New());
  RETURN_IF_ERROR(BindBody(rpc, request.body, *message));
  const auto query = http::ParseQuery(request.query());
  if (!query) return FieldError("", "has a broken query");
  RETURN_IF_ERROR(BindParameters(*query, *message));
  // Cleared first, because merging a zero would change nothing.
  for (const auto& [name, value] : request.path_variables) ClearField(*message, name);
  RETURN_IF_ERROR(BindParameters(request.path_variables, *message));
  RemoveCredentials(*message);
  return message;
}

std::string ToJson(const Message& message) {
  json_util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = json_util::MessageToJsonString(message, &json, options);
  return status.ok() ? json : "{}";
}

}  // namespace campaigner::gateway::native

#include "gateway/native/openapi.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <cctype>

#include "gateway/http/router.h"
#include "gateway/native/descriptor_set.h"
#include "gateway/native/download.h"
#include "gateway/native/rpc.h"
#include "gateway/native/schema.h"
#include "gateway/native/upload.h"

namespace campaigner::gateway::native {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using Needed = std::map<std::string, const Descriptor*>;

// The descriptors that are linked in have lost their comments; these have them.
class CommentedPool {
 public:
  CommentedPool() {
    google::protobuf::FileDescriptorSet files;
    const std::string_view bytes = DescriptorSetBytes();
    if (!files.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
    for (const auto& file : files.file()) pool_.BuildFile(file);
  }
  const MethodDescriptor& Find(const MethodDescriptor& method) const {
    const auto* found = pool_.FindMethodByName(method.full_name());
    return found == nullptr ? method : *found;
  }

 private:
  google::protobuf::DescriptorPool pool_;
};

const FieldDescriptor* FindByPath(const Descriptor& type, std::string_view path) {
  const size_t dot = path.find('.');
  const auto* field = type.FindFieldByName(std::string(path.substr(0, dot)));
  if (field == nullptr || dot == path.npos) return field;
  return FindByPath(*field->message_type(), path.substr(dot + 1));
}

// OpenAPI takes "/a/{b}" and "/a/{c}" for the same path: the names that came first hold for all
// patterns of one shape.
class PathNames {
 public:
  const std::string& Common(const std::string& pattern) {
    std::string shape;
    bool is_name = false;
    for (const char c : pattern) {
      if (c == '}') is_name = false;
      if (!is_name) shape += c;
      if (c == '{') is_name = true;
    }
    return first_.emplace(shape, pattern).first->second;
  }

 private:
  std::map<std::string, std::string> first_;
};

// `names`: what the document calls the pattern's variables.
Json PathParameters(const http::PathPattern& pattern, const std::vector<std::string>& names,
                    const Descriptor& type, Needed& needed) {
  Json parameters = Json::array();
  const std::vector<std::string> variables = pattern.variables();
  for (size_t i = 0; i < variables.size(); ++i) {
    Json parameter = {{"name", names[i]}, {"in", "path"}, {"required", true}};
    if (const auto* field = FindByPath(type, variables[i])) {
      parameter["schema"] = FieldSchema(*field, needed);
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

// Fields that are neither in the path nor in the body. Messages can be given by their fields too,
// which is not listed.
void AddQueryParameters(const HttpRpc& rpc, const http::PathPattern& pattern,
                        const Descriptor& type, Needed& needed, Json& parameters) {
  if (rpc.body == "*") return;
  const std::vector<std::string> variables = pattern.variables();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const bool is_in_path =
        std::any_of(variables.begin(), variables.end(), [&field](const std::string& variable) {
          return variable.substr(0, variable.find('.')) == field.name();
        });
    Needed unused;
    const Json schema = FieldSchema(field, unused);
    if (is_in_path || field.name() == rpc.body || !unused.empty()) continue;
    parameters.push_back(
        {{"name", field.json_name()}, {"in", "query"}, {"schema", FieldSchema(field, needed)}});
  }
}

Json Content(bool is_stream, Json schema) {
  return {
      {is_stream ? "application/x-ndjson" : "application/json", {{"schema", std::move(schema)}}}};
}

// Bytes as they are, beside JSON's base64.
Json BinarySchema() { return {{"type", "string"}, {"format", "binary"}}; }

// A file: a part of a form, or the body itself.
Json UploadContent() {
  const Json form = {
      {"type", "object"}, {"required", {"file"}}, {"properties", {{"file", BinarySchema()}}}};
  return {{"multipart/form-data", {{"schema", form}}},
          {"application/octet-stream", {{"schema", BinarySchema()}}}};
}

void AddUploadParameters(const Descriptor& chunk, Needed& needed, Json& parameters) {
  for (const char* name : {"file_name", "content_type"}) {
    const FieldDescriptor& field = *chunk.FindFieldByName(name);
    Json parameter = {{"name", field.json_name()}, {"in", "query"}};
    if (field.name() == "file_name") {
      parameter["description"] = "Of a body that is the file; a form may name it itself.";
    }
    parameter["schema"] = FieldSchema(field, needed);
    parameters.push_back(std::move(parameter));
  }
}

// The type is what the server says of the file; all files of the API are CSV so far.
Json DownloadResponse() {
  return {{"description", "A file"},
          {"headers",
           {{"Content-Disposition",
             {{"description", "The name of the file."}, {"schema", {{"type", "string"}}}}}}},
          {"content",
           {{"text/csv", {{"schema", BinarySchema()}}},
            {"application/octet-stream", {{"schema", BinarySchema()}}}}}};
}

Json Operation(const HttpRpc& rpc, const MethodDescriptor& method, const http::PathPattern& pattern,
               const std::vector<std::string>& path_names, Needed& needed) {
  Json operation = {{"operationId", method.name()}, {"tags", {method.service()->name()}}};
  const std::string comment = CommentOf(method);
  if (!comment.empty()) operation["description"] = comment;
  const Descriptor& input = *method.input_type();
  Json parameters = PathParameters(pattern, path_names, input, needed);
  AddQueryParameters(rpc, pattern, input, needed, parameters);
  if (IsUpload(rpc)) AddUploadParameters(input, needed, parameters);
  if (!parameters.empty()) operation["parameters"] = std::move(parameters);
  if (IsUpload(rpc)) {
    operation["requestBody"] = {{"required", true}, {"content", UploadContent()}};
  } else if (rpc.body == "*") {
    operation["requestBody"]["content"] =
        Content(method.client_streaming(), MessageReference(input, needed));
  } else if (!rpc.body.empty()) {
    operation["requestBody"]["content"] =
        Content(false, FieldSchema(*input.FindFieldByName(rpc.body), needed));
  }
  if (IsDownload(rpc)) {
    operation["responses"]["200"] = DownloadResponse();
  } else {
    operation["responses"]["200"] = {
        {"description", "OK"},
        {"content",
         Content(method.server_streaming(), MessageReference(*method.output_type(), needed))}};
  }
  operation["responses"]["default"] = {
      {"description", "An error, as google.rpc.Status"},
      {"content", Content(false, {{"$ref", "#/components/schemas/Error"}})}};
  return operation;
}

// What refers to what is found while writing; goes on until nothing new is.
Json Schemas(Needed needed) {
  Json schemas = {
      {"Error",
       {{"type", "object"},
        {"properties",
         {{"error",
           {{"type", "object"},
            {"properties",
             {{"code", {{"type", "integer"}, {"description", "The HTTP status."}}},
              {"message", {{"type", "string"}}},
              {"status", {{"type", "string"}, {"description", "The name of the gRPC code."}}},
              {"details", {{"type", "array"}, {"items", {{"type", "object"}}}}}}}}}}}}}};
  while (!needed.empty()) {
    Needed further;
    for (const auto& [name, type] : needed) schemas[name] = MessageSchema(*type, further);
    std::erase_if(further, [&schemas](const auto& entry) { return schemas.contains(entry.first); });
    needed = std::move(further);
  }
  return schemas;
}

}  // namespace

std::string OpenApiDocument() {
  const CommentedPool pool;
  Needed needed;
  PathNames path_names;
  Json paths = Json::object();
  for (const HttpRpc& rpc : AllHttpRpcs()) {
    const std::string& path = path_names.Common(rpc.pattern);
    const auto pattern = http::PathPattern::Parse(rpc.pattern);
    const auto common = http::PathPattern::Parse(path);
    if (!pattern.ok() || !common.ok()) continue;
    std::string verb = rpc.http_method;
    std::transform(verb.begin(), verb.end(), verb.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    paths[path][verb] =
        Operation(rpc, pool.Find(*rpc.method), *pattern, common->variables(), needed);
  }
  const Json document = {
      {"openapi", "3.0.3"},
      {"info", {{"title", "Campaigner"}, {"version", "v1"}}},
      {"security", Json::array({{{"ApiKey", Json::array()}}, {{"Bearer", Json::array()}}})},
      {"paths", std::move(paths)},
      {"components",
       {{"securitySchemes",
         {{"ApiKey", {{"type", "apiKey"}, {"in", "header"}, {"name", "X-Api-Key"}}},
          {"Bearer", {{"type", "http"}, {"scheme", "bearer"}}}}},
        {"schemas", Schemas(std::move(needed))}}}};
  return document.dump(1);
}

}  // namespace campaigner::gateway::native

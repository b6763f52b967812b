#include "gateway/native/openapi.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "gateway/native/descriptor_set.h"
#include "gateway/native/rpc.h"

namespace campaigner::gateway::native {
namespace {

void CollectReferences(const nlohmann::json& json, std::set<std::string>& references) {
  if (json.is_object() && json.contains("$ref")) references.insert(json["$ref"]);
  if (json.is_structured()) {
    for (const auto& element : json) CollectReferences(element, references);
  }
}

TEST(ApiFilesTest, HasEveryServiceOfTheApi) {
  google::protobuf::FileDescriptorSet files;
  const std::string_view bytes = DescriptorSetBytes();
  ASSERT_TRUE(files.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  std::set<std::string> declared;
  for (const auto& file : files.file()) {
    if (file.service_size() > 0) declared.insert(file.name());
  }
  std::set<std::string> served;
  for (const auto* file : ApiFiles()) served.insert(file->name());
  EXPECT_EQ(served, declared);
}

TEST(ApiFilesTest, EveryRpcHasARoute) {
  std::set<std::string> routed;
  for (const HttpRpc& rpc : AllHttpRpcs()) routed.insert(rpc.FullName());
  size_t declared = 0;
  for (const auto* file : ApiFiles()) {
    for (int i = 0; i < file->service_count(); ++i) {
      declared += static_cast<size_t>(file->service(i)->method_count());
    }
  }
  EXPECT_EQ(routed.size(), declared);
}

TEST(OpenApiTest, IsCompleteInItself) {
  const auto document = nlohmann::json::parse(OpenApiDocument());
  std::set<std::string> references;
  CollectReferences(document, references);
  EXPECT_GT(references.size(), 20u);
  for (const std::string& reference : references) {
    ASSERT_EQ(reference.rfind("#/", 0), 0u);
    EXPECT_TRUE(document.contains(nlohmann::json::json_pointer(reference.substr(1)))) << reference;
  }
  std::set<std::string> ids;
  for (const auto& path : document["paths"]) {
    for (const auto& operation : path) ids.insert(operation["operationId"]);
  }
  EXPECT_EQ(ids.size(), AllHttpRpcs().size());
}

TEST(OpenApiTest, CarriesTheCommentsOfTheApi) {
  const auto document = nlohmann::json::parse(OpenApiDocument());
  const auto& send = document["paths"]["/v1/messages:send"]["post"];
  EXPECT_THAT(send["description"].get<std::string>(), ::testing::StartsWith("Accepts up to"));
  const auto& account = document["paths"]["/v1/accounts/{account_id}"];
  EXPECT_TRUE(account.contains("get"));
  EXPECT_EQ(account["patch"]["parameters"][0]["name"], "account_id");
}

TEST(OpenApiTest, FilesAreBinary) {
  const auto document = nlohmann::json::parse(OpenApiDocument());
  const auto binary = nlohmann::json::parse(R"({"type": "string", "format": "binary"})");
  const auto& upload = document["paths"]["/v1/uploads"]["post"];
  const auto& content = upload["requestBody"]["content"];
  EXPECT_EQ(content.size(), 2u);
  EXPECT_EQ(content["application/octet-stream"]["schema"], binary);
  EXPECT_EQ(content["multipart/form-data"]["schema"]["properties"]["file"], binary);
  EXPECT_EQ(content["multipart/form-data"]["schema"]["required"][0], "file");
  EXPECT_EQ(upload["parameters"][0]["name"], "fileName");
  EXPECT_EQ(upload["responses"]["200"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/campaigner.v1.Upload");
  for (const char* path : {"/v1/operations/{operation_id}/rejected-rows",
                           "/v1/campaigns/{campaign_id}/messages:export"}) {
    const auto& answer = document["paths"][path]["get"]["responses"]["200"];
    EXPECT_EQ(answer["content"]["text/csv"]["schema"], binary) << path;
    EXPECT_FALSE(answer["content"].contains("application/x-ndjson")) << path;
  }
  EXPECT_FALSE(document["components"]["schemas"].contains("campaigner.v1.FileChunk"));
}

}  // namespace
}  // namespace campaigner::gateway::native

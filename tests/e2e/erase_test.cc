// A person who is erased is in no file of the server.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/e2e/server_test_base.h"
#include "tests/support/webhook_receiver.h"

namespace campaigner::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::WebhookReceiver;
using Imports = ServerClient::Imports;

class EraseTest : public ServerTest {
 protected:
  int64_t Upload(const std::string& content) {
    grpc::ClientContext context;
    admin_->Prepare(context);
    v1::Upload upload;
    const auto writer = admin_->imports().UploadFile(&context, &upload);
    v1::FileChunk chunk;
    chunk.set_file_name("list.csv");
    chunk.set_data(content);
    EXPECT_TRUE(writer->Write(chunk));
    writer->WritesDone();
    EXPECT_TRUE(writer->Finish().ok());
    return upload.id();
  }
  std::string RejectedRows(int64_t operation_id) {
    grpc::ClientContext context;
    admin_->Prepare(context);
    v1::DownloadRejectedRowsRequest request;
    request.set_operation_id(operation_id);
    const auto reader = admin_->imports().DownloadRejectedRows(&context, request);
    std::string text;
    v1::FileChunk chunk;
    while (reader->Read(&chunk)) text += chunk.data();
    EXPECT_TRUE(reader->Finish().ok());
    return text;
  }
  std::vector<std::string> FilesWith(const std::string& word) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_.File("data"))) {
      if (!entry.is_regular_file()) continue;
      std::ostringstream bytes;
      bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      if (bytes.str().find(word) != std::string::npos) names.push_back(entry.path());
    }
    return names;
  }
};

TEST_F(EraseTest, NoFileHoldsThePersonAnyMore) {
  WebhookReceiver receiver;
  Start();
  const int64_t campaign = admin_->StartCampaign(
      "template: 'Hi {name}' webhook_events: ALL webhook_url: '" + receiver.Url("/hook") + "'");
  Watch watch(*admin_, fmt::format("campaign_id: {} final_only: true", campaign));
  const v1::Operation import = Done(admin_->Call(
      &Imports::ImportRecipients,
      fmt::format(
          "campaign_id: {} source {{ upload_id: {} }} format {{ header_names_fields: true }}",
          campaign,
          Upload("phone;name\n79010000001;Unmistakable\n79010000002;Bob\n"
                 "+7 (901) 000-00-01;Unmistakable\n79010000001 and 79010000001;Ann\n"))));
  EXPECT_EQ(import.messages(), 2);
  watch.Take(2);
  EXPECT_THAT(RejectedRows(import.id()), HasSubstr("(901) 000-00-01"));
  ASSERT_FALSE(FilesWith("79010000001").empty());
  ASSERT_FALSE(FilesWith("Unmistakable").empty());

  const v1::Operation erased =
      Done(admin_->Call(&Messages::EraseRecipient, std::string("recipient: '+79010000001'")));
  EXPECT_EQ(erased.messages(), 1);
  for (const char* word : {"79010000001", "(901) 000-00-01", "Unmistakable"}) {
    EXPECT_THAT(FilesWith(word), IsEmpty()) << word;
  }
  EXPECT_FALSE(FilesWith("79010000002").empty());
  EXPECT_THAT(RejectedRows(import.id()), Not(HasSubstr("901")));
  const auto statistics =
      admin_->Call(&Campaigns::GetCampaignStatistics, fmt::format("campaign_id: {}", campaign));
  ASSERT_OK(statistics);
  EXPECT_EQ(statistics->delivered_messages(), 2);
}

}  // namespace
}  // namespace campaigner::e2e

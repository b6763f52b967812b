#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "campaigner/v1/import_service.grpc.pb.h"
#include "campaigner/v1/operation_service.grpc.pb.h"
#include "client/cli/app.h"
#include "client/cli/operation_view.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/client/test_server.h"

namespace campaigner::cli {
namespace {

using ::campaigner::testing::TempDir;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using v1::Operation;

class Imports final : public v1::ImportService::Service {
 public:
  std::string uploaded;
  v1::PreviewImportRequest previewed;
  v1::ImportRecipientsRequest imported;
  std::vector<int64_t> deleted;
  bool breaks_rejected = false;

  grpc::Status UploadFile(grpc::ServerContext* /*context*/,
                          grpc::ServerReader<v1::FileChunk>* reader,
                          v1::Upload* response) override {
    v1::FileChunk chunk;
    while (reader->Read(&chunk)) {
      if (!chunk.file_name().empty()) response->set_file_name(chunk.file_name());
      uploaded += chunk.data();
    }
    response->set_id(5);
    response->set_bytes(static_cast<int64_t>(uploaded.size()));
    return grpc::Status::OK;
  }
  grpc::Status PreviewImport(grpc::ServerContext* /*context*/,
                             const v1::PreviewImportRequest* request,
                             v1::PreviewImportResponse* response) override {
    previewed = *request;
    auto* row = response->add_rows();
    row->set_number(2);
    row->set_recipient("79000000001");
    row->set_text("Hi Ann");
    row->add_cells("79000000001");
    row->add_cells("12.5");
    response->mutable_format()->set_address_column(1);
    auto* field = response->mutable_format()->add_fields();
    field->set_name("age");
    field->set_column(2);
    row->add_problems("is odd");
    row->add_problems("is late");
    response->set_file_kind("CSV");
    return grpc::Status::OK;
  }
  grpc::Status DeleteUpload(grpc::ServerContext* /*context*/,
                            const v1::DeleteUploadRequest* request,
                            google::protobuf::Empty* /*response*/) override {
    deleted.push_back(request->upload_id());
    return grpc::Status::OK;
  }
  grpc::Status ImportRecipients(grpc::ServerContext* /*context*/,
                                const v1::ImportRecipientsRequest* request,
                                Operation* response) override {
    imported = *request;
    response->set_id(9);
    response->set_state(Operation::RUNNING);
    return grpc::Status::OK;
  }
  grpc::Status DownloadRejectedRows(grpc::ServerContext* /*context*/,
                                    const v1::DownloadRejectedRowsRequest* /*request*/,
                                    grpc::ServerWriter<v1::FileChunk>* writer) override {
    v1::FileChunk chunk;
    chunk.set_data("row,value,reason\r\n");
    writer->Write(chunk);
    if (breaks_rejected) return {grpc::StatusCode::INTERNAL, "broken"};
    return grpc::Status::OK;
  }
};

class Operations final : public v1::OperationService::Service {
 public:
  Operation last;
  // Watches that break before the end.
  int broken = 0;

  grpc::Status WatchOperation(grpc::ServerContext* /*context*/,
                              const v1::WatchOperationRequest* request,
                              grpc::ServerWriter<Operation>* writer) override {
    Operation operation;
    operation.set_id(request->operation_id());
    operation.set_state(Operation::RUNNING);
    writer->Write(operation);
    if (broken-- > 0) return {grpc::StatusCode::UNAVAILABLE, "draining"};
    last.set_id(request->operation_id());
    writer->Write(last);
    return grpc::Status::OK;
  }
};

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

class CliImportTest : public ::testing::Test {
 protected:
  CliImportTest() {
    std::ofstream(path_) << "79000000001;Ann\n";
    operations_.last.set_state(Operation::DONE);
    operations_.last.set_messages(3);
    auto* progress = operations_.last.mutable_import_progress();
    progress->set_rows(7);
    progress->set_accepted_rows(3);
    progress->set_invalid_rows(4);
  }

  Outcome Ctl(std::vector<std::string> arguments) {
    std::vector<std::string> all = {"campaignctl", "--server", server_.channel().target};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<const char*> argv;
    for (const std::string& argument : all) argv.push_back(argument.c_str());
    std::ostringstream out;
    std::ostringstream err;
    const int code = RunCampaignctl(static_cast<int>(argv.size()), argv.data(), out, err);
    return {code, out.str(), err.str()};
  }

  const TempDir dir_;
  const std::string path_ = dir_.File("list.csv");
  Imports imports_;
  Operations operations_;
  client::TestServer server_{{&imports_, &operations_}};
};

TEST_F(CliImportTest, UploadsImportsAndTellsTheCounts) {
  const std::string rejected = dir_.File("rejected.csv");
  const Outcome run =
      Ctl({"import", "3", path_, "--replace", "--skip_rows", "1", "--field", "name=2", "--quote",
           "", "--encoding", "cp866", "--column_separator", "\\t", "--rejected", rejected});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(imports_.uploaded, "79000000001;Ann\n");
  const v1::ImportRecipientsRequest& request = imports_.imported;
  EXPECT_EQ(request.campaign_id(), 3);
  EXPECT_EQ(request.source().upload_id(), 5);
  EXPECT_EQ(request.mode(), v1::ImportRecipientsRequest::REPLACE);
  EXPECT_EQ(request.format().skip_rows(), 1);
  EXPECT_TRUE(request.format().has_quote());
  EXPECT_EQ(request.format().quote(), "");
  EXPECT_EQ(request.format().encoding(), v1::ImportFormat::CP866);
  EXPECT_EQ(request.format().column_separator(), "\\t");
  ASSERT_EQ(request.format().fields_size(), 1);
  EXPECT_EQ(request.format().fields(0).name(), "name");
  EXPECT_EQ(request.format().fields(0).column(), 2);
  EXPECT_THAT(run.out, AllOf(HasSubstr("DONE"), HasSubstr("7"), HasSubstr("Invalid:")));
  std::ostringstream saved;
  saved << std::ifstream(rejected, std::ios::binary).rdbuf();
  EXPECT_EQ(saved.str(), "row,value,reason\r\n");
  EXPECT_FALSE(std::filesystem::exists(rejected + ".part"));
  EXPECT_THAT(imports_.deleted, ElementsAre(5));
}

TEST_F(CliImportTest, HalfOfTheRejectedRowsIsNotSavedAsAllOfThem) {
  const std::string rejected = dir_.File("rejected.csv");
  imports_.breaks_rejected = true;
  EXPECT_NE(Ctl({"import", "3", path_, "--rejected", rejected}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(rejected));
}

TEST_F(CliImportTest, ColumnsAreGivenByNumberOrHeader) {
  const Outcome run = Ctl({"import", "3", path_, "--address_column", "phone", "--field", "name=Имя",
                           "--field", "age=4", "--external_id_column", "2"});
  EXPECT_EQ(run.code, 0) << run.err;
  const v1::ImportFormat& format = imports_.imported.format();
  EXPECT_EQ(format.address_header(), "phone");
  EXPECT_EQ(format.address_column(), 0);
  ASSERT_EQ(format.fields_size(), 2);
  EXPECT_EQ(format.fields(0).name(), "age");
  EXPECT_EQ(format.fields(0).column(), 4);
  EXPECT_EQ(format.fields(0).header(), "");
  EXPECT_EQ(format.fields(1).name(), "name");
  EXPECT_EQ(format.fields(1).header(), "Имя");
  EXPECT_EQ(format.external_id_column(), 2);
  EXPECT_EQ(format.external_id_header(), "");
}

TEST_F(CliImportTest, ACancelledImportIsAnError) {
  operations_.last.set_state(Operation::CANCELLED);
  const Outcome run = Ctl({"import", "3", path_});
  EXPECT_NE(run.code, 0);
  EXPECT_THAT(run.err, HasSubstr("it was cancelled"));
}

TEST_F(CliImportTest, APreviewChangesNothing) {
  const Outcome run = Ctl({"import", "3", path_, "--preview", "5", "--header"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(imports_.previewed.row_count(), 5);
  EXPECT_TRUE(imports_.previewed.format().header_names_fields());
  EXPECT_THAT(run.out, AllOf(HasSubstr("79000000001"), HasSubstr("Hi Ann"),
                             HasSubstr("is odd; is late"), HasSubstr("79000000001 | 12.5")));
  EXPECT_THAT(run.err, HasSubstr("columns: 1: recipient, 2: age"));
  EXPECT_THAT(imports_.deleted, ElementsAre(5));
  EXPECT_EQ(imports_.imported.campaign_id(), 0);
}

TEST_F(CliImportTest, APreviewNeedsNoNumberOfRows) {
  EXPECT_EQ(Ctl({"import", "3", path_, "--preview"}).code, 0);
  EXPECT_EQ(imports_.previewed.campaign_id(), 3);
}

TEST_F(CliImportTest, DoesNotWaitWhereItShallNot) {
  const Outcome run = Ctl({"import", "3", path_, "--no_wait"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("Operation: 9"), HasSubstr("RUNNING")));
  EXPECT_THAT(imports_.deleted, IsEmpty());
}

TEST_F(CliImportTest, AFailedImportIsAnError) {
  operations_.last.set_state(Operation::FAILED);
  operations_.last.mutable_error()->set_code(grpc::StatusCode::FAILED_PRECONDITION);
  operations_.last.mutable_error()->set_message("campaign 3 takes no messages any more");
  const Outcome run = Ctl({"import", "3", path_});
  EXPECT_NE(run.code, 0);
  EXPECT_THAT(run.err, HasSubstr("takes no messages"));
}

TEST_F(CliImportTest, AWatchOutlivesTheServer) {
  operations_.broken = 1;
  const Outcome run = Ctl({"operations", "watch", "9"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("DONE"));
}

TEST_F(CliImportTest, WhatIsWrongIsSaidBeforeAnythingIsUploaded) {
  EXPECT_NE(Ctl({"import", "3", path_, "--field", "name"}).code, 0);
  EXPECT_NE(Ctl({"import", "3", dir_.File("nothing.csv")}).code, 0);
  EXPECT_EQ(imports_.uploaded, "");
}

TEST(OperationViewTest, ProgressIsOneLine) {
  Operation operation;
  operation.set_done_units(500);
  operation.set_total_units(1000);
  operation.set_units_per_second(100);
  operation.mutable_time_left()->set_seconds(5);
  operation.mutable_import_progress()->set_rows(50);
  EXPECT_EQ(ShowProgress(operation), "50%  50 rows  10 rows/s  5s left");
  EXPECT_EQ(ShowProgress(Operation()), "0 messages");
}

}  // namespace
}  // namespace campaigner::cli

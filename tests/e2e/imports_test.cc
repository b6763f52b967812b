#include <set>

#include "server/base/limits.h"
#include "tests/e2e/server_test_base.h"

namespace campaigner::e2e {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Imports = ServerClient::Imports;
using Operations = ServerClient::Operations;
using Request = v1::ImportRecipientsRequest;

class ImportsTest : public ServerTest {
 protected:
  void SetUp() override { Start(); }

  // In pieces of `chunk_bytes`.
  static absl::StatusOr<v1::Upload> Upload(const ServerClient& client, const std::string& name,
                                           const std::string& content,
                                           size_t chunk_bytes = 100'000) {
    grpc::ClientContext context;
    client.Prepare(context);
    v1::Upload upload;
    const auto writer = client.imports().UploadFile(&context, &upload);
    v1::FileChunk chunk;
    chunk.set_file_name(name);
    for (size_t at = 0; at == 0 || at < content.size(); at += chunk_bytes) {
      chunk.set_data(content.substr(at, chunk_bytes));
      if (!writer->Write(chunk)) break;
      chunk.Clear();
    }
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    if (!status.ok()) return testing::FromGrpc(status);
    return upload;
  }

  int64_t NewCampaign(const std::string& settings = "template: 'Hi {name}'") {
    const auto made = admin_->Call(&Campaigns::CreateCampaign,
                                   "campaign { display_name: 'List' " + settings + " }");
    EXPECT_OK(made);
    return made.ok() ? made->id() : 0;
  }

  absl::StatusOr<v1::Operation> Import(int64_t campaign_id, int64_t upload_id,
                                       const std::string& more = "") {
    return admin_->Call(
        &Imports::ImportRecipients,
        fmt::format("campaign_id: {} source {{ upload_id: {} }} {}", campaign_id, upload_id, more));
  }

  // What a download says, and how it ends.
  absl::StatusOr<std::string> Rejected(const ServerClient& client, int64_t operation_id) {
    grpc::ClientContext context;
    client.Prepare(context);
    v1::DownloadRejectedRowsRequest request;
    request.set_operation_id(operation_id);
    const auto reader = client.imports().DownloadRejectedRows(&context, request);
    std::string text;
    v1::FileChunk chunk;
    while (reader->Read(&chunk)) text += chunk.data();
    const grpc::Status status = reader->Finish();
    if (!status.ok()) return testing::FromGrpc(status);
    return text;
  }

  std::multiset<std::string> Recipients(int64_t campaign_id, const std::string& more = "") {
    std::multiset<std::string> recipients;
    v1::ListMessagesRequest request =
        Parse<v1::ListMessagesRequest>(fmt::format("campaign_id: {} {}", campaign_id, more));
    request.set_page_size(1000);
    do {
      const auto page = admin_->Call(&Messages::ListMessages, request);
      EXPECT_OK(page);
      if (!page.ok()) break;
      for (const auto& message : page->messages()) recipients.insert(message.recipient());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return recipients;
  }

  static std::string Rows(int first, int count) {
    std::string text;
    for (int i = first; i < first + count; ++i) text += fmt::format("7900{:07};Ann {}\n", i, i);
    return text;
  }
};

TEST_F(ImportsTest, AFileBecomesMessagesThatAreSent) {
  const int64_t campaign_id = admin_->StartCampaign("template: 'Hi {name}'");
  ASSERT_OK_AND_ASSIGN(const auto upload, Upload(*admin_, "C:\\lists\\list.csv",
                                                 "phone;name\n" + Rows(0, 5000), 1000));
  EXPECT_EQ(upload.file_name(), "list.csv");
  EXPECT_EQ(upload.sha256().size(), 64U);
  const v1::Operation done =
      Finish(Import(campaign_id, upload.id(), "format { header_names_fields: true }"));
  EXPECT_EQ(done.state(), v1::Operation::DONE);
  EXPECT_EQ(done.kind(), v1::Operation::IMPORT);
  EXPECT_EQ(done.messages(), 5000);
  EXPECT_EQ(done.done_units(), upload.bytes());
  EXPECT_EQ(done.total_units(), upload.bytes());
  EXPECT_EQ(done.import_progress().file_name(), "list.csv");
  EXPECT_EQ(done.import_progress().accepted_rows(), 5000);
  Watch watch(*admin_, fmt::format("campaign_id: {} final_only: true", campaign_id));
  const auto statistics = [&] {
    return admin_
        ->Call(&Campaigns::GetCampaignStatistics, fmt::format("campaign_id: {}", campaign_id))
        ->pending_messages();
  };
  while (statistics() > 0) watch.Take(1);
  const auto page = admin_->Call(
      &Messages::ListMessages,
      fmt::format("campaign_id: {} page_size: 1 view: MESSAGE_VIEW_FULL", campaign_id));
  ASSERT_OK(page);
  EXPECT_EQ(page->messages(0).text(), "Hi Ann 4999");
  EXPECT_EQ(page->messages(0).state(), v1::Message::DELIVERED);
}

TEST_F(ImportsTest, RejectedRowsAreDownloadedAsCsv) {
  const int64_t campaign_id = NewCampaign();
  ASSERT_OK_AND_ASSIGN(
      const auto upload,
      Upload(*admin_, "l.csv", "79000000001\n=1+1\n\"a \"\"b\"\";c\"\n79000000001\n"));
  const v1::Operation done = Finish(Import(campaign_id, upload.id()));
  EXPECT_EQ(done.import_progress().rows(), 4);
  EXPECT_EQ(done.import_progress().invalid_rows(), 2);
  EXPECT_EQ(done.import_progress().duplicate_rows(), 1);
  ASSERT_OK_AND_ASSIGN(const std::string text, Rejected(*admin_, done.id()));
  EXPECT_THAT(text, HasSubstr("row,value,reason\r\n2,\"'=1+1\",column 1: "));
  EXPECT_THAT(text, HasSubstr("\r\n3,\"a \"\"b\"\";c\",column 1: "));
  EXPECT_THAT(text, HasSubstr("4,79000000001,the recipient is in the campaign already\r\n"));
}

TEST_F(ImportsTest, APreviewShowsWhatAnImportWouldDo) {
  const int64_t campaign_id = NewCampaign();
  ASSERT_OK_AND_ASSIGN(
      const auto preview,
      admin_->Call(&Imports::PreviewImport,
                   fmt::format("campaign_id: {} row_count: 3 format {{ fields {{ name: 'name' "
                               "column: 2 }} }} source {{ text: '8 900 000 00 01;Ann\\n12;x\\n"
                               "79000000001;Bob\\n79000000002;Carl\\n' }}",
                               campaign_id)));
  ASSERT_THAT(preview.rows(), SizeIs(3));
  EXPECT_EQ(preview.rows(0).number(), 1);
  EXPECT_THAT(preview.rows(0).cells(), ElementsAre("8 900 000 00 01", "Ann"));
  EXPECT_EQ(preview.rows(0).recipient(), "79000000001");
  EXPECT_EQ(preview.rows(0).text(), "Hi Ann");
  EXPECT_EQ(preview.rows(0).segments(), 1);
  EXPECT_THAT(preview.rows(0).problems(), IsEmpty());
  EXPECT_EQ(preview.rows(1).recipient(), "");
  EXPECT_THAT(preview.rows(1).problems(), SizeIs(1));
  EXPECT_THAT(preview.rows(2).problems(), ElementsAre(HasSubstr("already")));
  EXPECT_EQ(preview.format().column_separator(), ";");
  EXPECT_EQ(preview.format().address_column(), 1);
  EXPECT_EQ(preview.file_kind(), "CSV");
  EXPECT_THAT(Recipients(campaign_id), IsEmpty());
}

TEST_F(ImportsTest, BadRequestsNameTheField) {
  const int64_t campaign_id = NewCampaign();
  ASSERT_OK_AND_ASSIGN(const auto upload, Upload(*admin_, "l.csv", "79000000001\n"));
  const auto fields = [&](const std::string& more) {
    return Fields(Import(campaign_id, upload.id(), more).status());
  };
  EXPECT_THAT(Fields(admin_
                         ->Call(&Imports::ImportRecipients,
                                fmt::format("campaign_id: {} source {{ upload_id: {} text: 'x' }}",
                                            campaign_id, upload.id()))
                         .status()),
              Contains("source.text"));
  EXPECT_THAT(fields("format { skip_rows: -1 }"), Contains("format.skip_rows"));
  EXPECT_THAT(fields("format { quote: 'ab' }"), Contains("format.quote"));
  EXPECT_THAT(fields("format { column_separator: '\\\\x' }"), Contains("format.column_separator"));
  EXPECT_THAT(fields("format { fields { name: 'a' column: 0 } }"),
              Contains("format.fields[0].column"));
  EXPECT_THAT(fields("format { encoding: 99 }"), Contains("format.encoding"));
  EXPECT_THAT(fields("mode: 9"), Contains("mode"));
  EXPECT_THAT(fields("request_id: '\\n'"), Contains("request_id"));
  EXPECT_THAT(
      Fields(admin_->Call(&Imports::ImportRecipients, fmt::format("campaign_id: {}", campaign_id))
                 .status()),
      Contains("source"));
  ASSERT_OK_AND_ASSIGN(const auto binary, Upload(*admin_, "l.csv",
                                                 std::string("\x7f"
                                                             "ELF\0\0\0\1",
                                                             8)));
  EXPECT_THAT(Fields(Import(campaign_id, binary.id()).status()), Contains("source.upload_id"));
  EXPECT_THAT(Fields(Upload(*admin_, "", "x").status()), Contains("file_name"));
  EXPECT_THAT(Fields(Upload(*admin_, "a\nb", "x").status()), Contains("file_name"));
}

TEST_F(ImportsTest, WhatBelongsToOthersDoesNotExist) {
  const int64_t campaign_id = NewCampaign();
  ASSERT_OK_AND_ASSIGN(const auto upload, Upload(*admin_, "l.csv", "79000000001\n"));
  const v1::Operation done = Finish(Import(campaign_id, upload.id()));
  const ServerClient other = NewClient("scope: ADMIN", NewAccount());
  const std::string id = fmt::format("upload_id: {}", upload.id());
  EXPECT_THAT(other.Call(&Imports::GetUpload, id), HasReason("UPLOAD_NOT_FOUND"));
  EXPECT_THAT(other.Call(&Imports::DeleteUpload, id), HasReason("UPLOAD_NOT_FOUND"));
  const auto theirs =
      other.Call(&Campaigns::CreateCampaign, "campaign { display_name: 'Theirs' template: 'x' }");
  ASSERT_OK(theirs);
  const std::string request =
      fmt::format("campaign_id: {} source {{ upload_id: {} }}", theirs->id(), upload.id());
  EXPECT_THAT(other.Call(&Imports::ImportRecipients, request), HasReason("UPLOAD_NOT_FOUND"));
  EXPECT_THAT(other.Call(&Imports::PreviewImport, request), HasReason("UPLOAD_NOT_FOUND"));
  const std::string operation = fmt::format("operation_id: {}", done.id());
  EXPECT_THAT(other.Call(&Operations::GetOperation, operation), HasReason("OPERATION_NOT_FOUND"));
  EXPECT_THAT(other.Call(&Operations::CancelOperation, operation),
              HasReason("OPERATION_NOT_FOUND"));
  EXPECT_THAT(Rejected(other, done.id()), HasReason("OPERATION_NOT_FOUND"));
  EXPECT_EQ(other.Call(&Operations::ListOperations, "")->operations_size(), 0);
  const ServerClient sender = NewClient("scope: SEND");
  EXPECT_THAT(Upload(sender, "l.csv", "x"), HasReason("SCOPE_MISSING"));
}

TEST_F(ImportsTest, ARepeatAnswersTheFirst) {
  const int64_t campaign_id = NewCampaign();
  const std::string request =
      fmt::format("campaign_id: {} source {{ text: '79000000001' }} request_id: 'r'", campaign_id);
  const auto first = admin_->Call(&Imports::ImportRecipients, request);
  Finish(first);
  ASSERT_OK_AND_ASSIGN(const auto repeat, admin_->Call(&Imports::ImportRecipients, request));
  EXPECT_EQ(repeat.id(), first->id());
  EXPECT_EQ(repeat.state(), v1::Operation::DONE);
  EXPECT_THAT(Recipients(campaign_id), SizeIs(1));
  EXPECT_THAT(admin_->Call(&Imports::ImportRecipients, request + " mode: REPLACE"),
              HasReason("REQUEST_ID_REUSED"));
}

TEST_F(ImportsTest, AppendsAndReplaces) {
  const int64_t campaign_id = NewCampaign();
  ASSERT_OK_AND_ASSIGN(const auto first, Upload(*admin_, "1.csv", Rows(0, 3000)));
  ASSERT_OK_AND_ASSIGN(const auto second, Upload(*admin_, "2.csv", Rows(2990, 20)));
  Finish(Import(campaign_id, first.id()));
  const v1::Operation appended = Finish(Import(campaign_id, second.id()));
  EXPECT_EQ(appended.import_progress().accepted_rows(), 10);
  EXPECT_EQ(appended.import_progress().duplicate_rows(), 10);
  EXPECT_THAT(Recipients(campaign_id), SizeIs(3010));
  const v1::Operation replaced = Finish(Import(campaign_id, second.id(), "mode: REPLACE"));
  EXPECT_EQ(replaced.import_progress().accepted_rows(), 20);
  EXPECT_EQ(replaced.messages(), 3030);
  EXPECT_EQ(replaced.import_progress().cleared_messages(), 3010);
  EXPECT_FALSE(replaced.import_progress().clearing());
  EXPECT_THAT(Recipients(campaign_id, "states: ACCEPTED"), SizeIs(20));
  const auto statistics =
      admin_->Call(&Campaigns::GetCampaignStatistics, fmt::format("campaign_id: {}", campaign_id));
  EXPECT_EQ(statistics->pending_messages(), 20);
  const std::string id = fmt::format("campaign_id: {}", campaign_id);
  ASSERT_OK(admin_->Call(&Campaigns::StartCampaign, id));
  EXPECT_THAT(Import(campaign_id, second.id(), "mode: REPLACE"), HasReason("CAMPAIGN_RUNNING"));
  ASSERT_OK(admin_->Call(&Campaigns::CancelCampaign, id));
  EXPECT_THAT(Import(campaign_id, second.id()), HasReason("CAMPAIGN_CLOSED"));
}

TEST_F(ImportsTest, AListWithoutATemplateIsNotStarted) {
  const int64_t campaign_id = NewCampaign("");
  const std::string id = fmt::format("campaign_id: {}", campaign_id);
  admin_->SendOne(campaign_id, "text: 'own'");
  ASSERT_OK_AND_ASSIGN(const auto upload, Upload(*admin_, "l.csv", Rows(0, 3)));
  ASSERT_EQ(Finish(Import(campaign_id, upload.id())).messages(), 3);
  const absl::Status refused = admin_->Call(&Campaigns::StartCampaign, id).status();
  EXPECT_THAT(refused, HasReason("CAMPAIGN_NOT_READY"));
  EXPECT_THAT(Fields(refused), ElementsAre("template"));
  ASSERT_OK(admin_->Call(&Campaigns::UpdateCampaign,
                         fmt::format("campaign {{ id: {} template: 'Hi' }}", campaign_id)));
  EXPECT_OK(admin_->Call(&Campaigns::StartCampaign, id));
}

TEST_F(ImportsTest, AnEmailCampaignTakesAListAndSends) {
  server_.reset();
  Start(std::string(kQuickConfig) + "routes { name: 'mail' channel: 'email' provider: 'sim' }");
  const int64_t campaign_id = NewCampaign("template: 'Hi {name}' channel: 'email'");
  ASSERT_OK_AND_ASSIGN(const auto upload,
                       Upload(*admin_, "l.csv", "Anna@Example.com;Anna\n79000000001;Bob\n"));
  const v1::Operation done = Finish(Import(campaign_id, upload.id()));
  EXPECT_EQ(done.messages(), 1);
  const std::string id = fmt::format("campaign_id: {} ", campaign_id);
  ASSERT_OK(
      admin_->Call(&Messages::SendMessages, id + "messages { recipient: 'bob@example.com' }"));
  EXPECT_THAT(Recipients(campaign_id), ElementsAre("anna@example.com", "bob@example.com"));
  EXPECT_THAT(Recipients(campaign_id, "recipient: 'ANNA@example.com'"),
              ElementsAre("anna@example.com"));
}

TEST_F(ImportsTest, AnEstimateLeavesOutWhatWillBeRefused) {
  const int64_t campaign_id = NewCampaign("template: 'Hi {name}'");
  ASSERT_OK_AND_ASSIGN(
      const auto list,
      Upload(*admin_, "m.csv", "phone;имя\n79000000001;Анна\n79000000002;\n79000000003;Пётр\n"));
  ASSERT_EQ(
      Finish(Import(campaign_id, list.id(), "format { header_names_fields: true }")).messages(), 3);
  ASSERT_OK(admin_->Call(
      &Campaigns::UpdateCampaign,
      fmt::format("campaign {{ id: {} template: 'Привет, {{имя}}' missing_values: REJECT }}",
                  campaign_id)));
  ASSERT_OK_AND_ASSIGN(
      const auto estimate,
      admin_->Call(&Campaigns::EstimateCampaign, fmt::format("campaign_id: {}", campaign_id)));
  EXPECT_EQ(estimate.messages(), 3);
  EXPECT_EQ(estimate.messages_with_missing_values(), 1);
  EXPECT_EQ(estimate.refused_messages(), 1);
  EXPECT_EQ(estimate.segments(), 2);
  EXPECT_EQ(estimate.unicode_messages(), 2);
  EXPECT_FALSE(estimate.has_duration_at_rate());
}

// As where the column is the wrong one.
TEST_F(ImportsTest, AListIsNotReplacedByNobody) {
  const int64_t campaign_id = NewCampaign();
  ASSERT_OK_AND_ASSIGN(const auto first, Upload(*admin_, "1.csv", "79000000001\n"));
  ASSERT_OK_AND_ASSIGN(const auto second, Upload(*admin_, "2.csv", "Ann;79000000002\n"));
  ASSERT_OK_AND_ASSIGN(const auto empty, Upload(*admin_, "3.csv", "\n\n"));
  Finish(Import(campaign_id, first.id()));
  const absl::Status refused = Import(campaign_id, second.id(), "mode: REPLACE").status();
  EXPECT_THAT(Fields(refused), Contains("source.upload_id"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("row 1: column 1: is not a phone number"));
  EXPECT_THAT(Fields(Import(campaign_id, empty.id(), "mode: REPLACE").status()),
              Contains("source.upload_id"));
  EXPECT_THAT(Recipients(campaign_id, "states: ACCEPTED"), ElementsAre("79000000001"));
  Finish(Import(campaign_id, second.id(), "mode: REPLACE format { address_column: 2 }"));
  EXPECT_THAT(Recipients(campaign_id, "states: ACCEPTED"), ElementsAre("79000000002"));
}

TEST_F(ImportsTest, ColumnsAreFoundByTheirHeaders) {
  const int64_t campaign_id = NewCampaign();
  ASSERT_OK_AND_ASSIGN(const auto upload,
                       Upload(*admin_, "l.csv", "Имя;Телефон\nАнна;79000000001\n"));
  const char* const format =
      "format { address_header: 'Телефон' fields { name: 'name' header: 'Имя' } }";
  const v1::Operation done = Finish(Import(campaign_id, upload.id(), format));
  EXPECT_EQ(done.import_progress().accepted_rows(), 1);
  EXPECT_EQ(done.import_progress().rows(), 1);
  const auto page = admin_->Call(
      &Messages::ListMessages, fmt::format("campaign_id: {} view: MESSAGE_VIEW_FULL", campaign_id));
  ASSERT_OK(page);
  EXPECT_EQ(page->messages(0).text(), "Hi Анна");
  EXPECT_THAT(
      Fields(Import(campaign_id, upload.id(), "format { address_header: 'phone' }").status()),
      Contains("source.upload_id"));
}

TEST_F(ImportsTest, OneThatIsCancelledAddsNothingMore) {
  const int64_t campaign_id = NewCampaign();
  ASSERT_OK_AND_ASSIGN(const auto upload, Upload(*admin_, "l.csv", Rows(0, 200'000)));
  ASSERT_OK_AND_ASSIGN(const auto begun, Import(campaign_id, upload.id()));
  EXPECT_THAT(Import(campaign_id, upload.id()), HasReason("IMPORT_RUNNING"));
  EXPECT_THAT(admin_->Call(&Imports::DeleteUpload, fmt::format("upload_id: {}", upload.id())),
              HasReason("UPLOAD_IN_USE"));
  const std::string id = fmt::format("operation_id: {}", begun.id());
  ASSERT_OK_AND_ASSIGN(const auto cancelled, admin_->Call(&Operations::CancelOperation, id));
  EXPECT_EQ(cancelled.state(), v1::Operation::CANCELLED);
  const v1::Operation last = Follow(begun.id()).back();
  EXPECT_EQ(last.state(), v1::Operation::CANCELLED);
  EXPECT_LT(last.messages(), 200'000);
  EXPECT_THAT(Recipients(campaign_id), SizeIs(last.messages()));
  ASSERT_OK_AND_ASSIGN(const auto list, admin_->Call(&Operations::ListOperations,
                                                     fmt::format("campaign_id: {}", campaign_id)));
  ASSERT_THAT(list.operations(), SizeIs(1));
  EXPECT_EQ(list.operations(0).id(), begun.id());
}

TEST_F(ImportsTest, GoesOnAfterARestart) {
  const int64_t campaign_id = NewCampaign();
  ASSERT_OK_AND_ASSIGN(const auto upload, Upload(*admin_, "l.csv", Rows(0, 50'000)));
  ASSERT_OK_AND_ASSIGN(const auto begun, Import(campaign_id, upload.id()));
  for (int i = 0; i < 3; ++i) Restart();
  const v1::Operation done = Follow(begun.id()).back();
  EXPECT_EQ(done.state(), v1::Operation::DONE);
  EXPECT_EQ(done.import_progress().rows(), 50'000);
  const auto recipients = Recipients(campaign_id);
  EXPECT_THAT(recipients, SizeIs(50'000));
  EXPECT_EQ(std::set<std::string>(recipients.begin(), recipients.end()).size(), 50'000U);
}

TEST_F(ImportsTest, AnUploadIsReadBackAndDeleted) {
  ASSERT_OK_AND_ASSIGN(const auto upload, Upload(*admin_, "l.csv", "79000000001\n"));
  const std::string id = fmt::format("upload_id: {}", upload.id());
  ASSERT_OK_AND_ASSIGN(const auto read, admin_->Call(&Imports::GetUpload, id));
  EXPECT_EQ(read.SerializeAsString(), upload.SerializeAsString());
  EXPECT_GT(read.expire_time().seconds(), read.create_time().seconds());
  ASSERT_OK(admin_->Call(&Imports::DeleteUpload, id));
  EXPECT_THAT(admin_->Call(&Imports::GetUpload, id), HasReason("UPLOAD_NOT_FOUND"));
}

}  // namespace
}  // namespace campaigner::e2e

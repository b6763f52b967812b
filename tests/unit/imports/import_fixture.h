#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/imports/import_job.h"
#include "server/imports/uploads.h"
#include "server/operations/runner.h"
#include "server/storage/sqlite/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/dispatch/scripted_provider.h"

namespace campaigner::imports {

// A store with an account and a campaign, and a runner that does its imports when it is told.
class ImportFixture : public ::testing::Test {
 protected:
  ImportFixture() {
    Open();
    domain::Account account;
    account.display_name = "Acme";
    account.default_region = "RU";
    account.time_zone = "UTC";
    account_id_ = store_->CreateAccount(account, "", clock_.Now())->id;
    campaign_id_ = MakeCampaign({});
  }

  // Observers live until then.
  ~ImportFixture() override { store_->Drain(); }

  void Open() {
    store_ = storage::OpenSqliteStore({.path = dir_.File("campaigner.db")}).value();
    dispatch::RouteOptions route;
    route.name = route.provider_name = "main";
    route.prefixes = {"7"};
    route.price_micros = 5;
    route.provider = &provider_;
    routes_.emplace(dispatch::RouteTable::Make({route}, *store_).value());
    uploads_ = std::make_unique<Uploads>(dir_.File("uploads"), limits_, *store_, clock_);
    ASSERT_OK(uploads_->Start());
    runner_ = std::make_unique<operations::Runner>(operations::RunnerOptions{.own_thread = false},
                                                   *store_, clock_);
    store_->AddObserver(runner_.get());
    runner_->Register(domain::OperationKind::kImport,
                      [this](const domain::Operation& operation, operations::Wake wake) {
                        return ImportJob::Make(Context(), operation, std::move(wake));
                      });
  }

  ImportContext Context() {
    return {.store = *store_,
            .clock = clock_,
            .routes = *routes_,
            .phones = phones_,
            .uploads = *uploads_,
            .metrics = metrics_,
            .read_format = [this](const std::string& request) -> absl::StatusOr<Format> {
              return formats_.at(request);
            }};
  }

  // A new server on what is on disk.
  void Restart() {
    store_->Drain();
    runner_.reset();
    uploads_.reset();
    routes_.reset();
    store_.reset();
    Open();
  }

  int64_t MakeCampaign(const std::function<void(domain::Campaign&)>& change) {
    domain::Campaign campaign;
    campaign.account_id = account_id_;
    campaign.template_text = "Hi {name}";
    campaign.state = domain::CampaignState::kNew;
    if (change) change(campaign);
    const auto made = store_->CreateCampaign(campaign, "", clock_.Now());
    EXPECT_OK(made);
    return made.ok() ? made->id : 0;
  }

  // An import of this text; its operation's id.
  int64_t Import(const std::string& text, const Format& format = {}, bool replaces = false) {
    const auto upload = uploads_->Keep(account_id_, "list.csv", text);
    EXPECT_OK(upload);
    const std::string request = std::to_string(formats_.size());
    formats_[request] = format;
    const auto operation =
        store_->CreateImport({.operation = {.account_id = account_id_,
                                            .campaign_id = campaign_id_,
                                            .request = request,
                                            .checkpoint = replaces ? kClearFirst : ""},
                              .upload_id = upload->id,
                              .replaces = replaces},
                             clock_.Now());
    EXPECT_OK(operation);
    return operation.ok() ? operation->id : 0;
  }

  // One turn for everybody, and everything that was written by it.
  void Turn() {
    runner_->RunOnce();
    (void)store_->InternRoute("a write, to wait for those before it " + std::to_string(++writes_));
  }

  domain::Operation Get(int64_t id) { return store_->GetOperation(0, id).value(); }

  // Turns until it has ended.
  domain::Operation Finish(int64_t id) {
    for (int i = 0; i < 1000 && Get(id).state == domain::OperationState::kRunning; ++i) Turn();
    return Get(id);
  }

  std::vector<std::string> Recipients() {
    std::vector<std::string> recipients;
    int64_t next = INT64_MAX;
    while (next != 0) {
      next = store_
                 ->ScanRecipients(campaign_id_, next, 100'000,
                                  [&](std::string_view one) { recipients.emplace_back(one); })
                 .value();
    }
    return recipients;
  }

  domain::ImportCounts Counts(int64_t id) { return store_->GetImport(id)->counts; }

  // Numbers 79000000000 + first .. + count - 1, one in a row, with a name.
  static std::string Rows(int first, int count) {
    std::string text;
    for (int i = first; i < first + count; ++i) {
      text += std::to_string(79'000'000'000 + i) + ";Ann\n";
    }
    return text;
  }

  testing::TempDir dir_;
  base::FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  domain::PhoneNormalizer phones_;
  testing::ScriptedProvider provider_{clock_, {}};
  UploadLimits limits_;
  std::map<std::string, Format> formats_;
  ImportMetrics metrics_;
  std::unique_ptr<storage::Store> store_;
  std::optional<dispatch::RouteTable> routes_;
  std::unique_ptr<Uploads> uploads_;
  std::unique_ptr<operations::Runner> runner_;
  int64_t account_id_ = 0;
  int64_t campaign_id_ = 0;
  int writes_ = 0;
};

}  // namespace campaigner::imports

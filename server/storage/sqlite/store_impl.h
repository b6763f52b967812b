#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/base/thread_annotations.h"
#include "server/storage/sqlite/caches.h"
#include "server/storage/sqlite/file_lock.h"
#include "server/storage/sqlite/reader_pool.h"
#include "server/storage/sqlite/sqlite_store.h"
#include "server/storage/sqlite/writer.h"
#include "server/storage/store.h"

namespace campaigner::storage::sqlite {

// The store over SQLite. Its functions stand in a file per noun: accounts.cc, campaigns.cc,
// messages.cc, claims.cc, outcomes.cc, timers.cc, webhooks.cc, operations.cc, imports.cc,
// uploads.cc, series.cc, retry.cc, erasure.cc, export.cc, stop_list.cc, pruning.cc.
class SqliteStore final : public Store {
 public:
  SqliteStore(FileLock lock, const SqliteOptions& options, std::unique_ptr<Connection> connection);
  // Reads what is kept in memory and starts the writer. Throws SQLite::Exception.
  void Start() { writer_.Start(); }

  // AccountStore
  absl::StatusOr<domain::Account> CreateAccount(const domain::Account& account,
                                                const std::string& request_id,
                                                absl::Time now) override;
  absl::StatusOr<domain::Account> GetAccount(int64_t account_id) override;
  absl::StatusOr<std::vector<domain::Account>> ListAccounts(Page page) override;
  absl::StatusOr<domain::Account> UpdateAccount(const domain::Account& account) override;
  absl::StatusOr<domain::ApiKey> CreateApiKey(const domain::ApiKey& key) override;
  absl::StatusOr<domain::ApiKey> GetApiKey(int64_t api_key_id) override;
  absl::StatusOr<domain::ApiKey> FindApiKey(const std::string& secret_hash) override;
  std::optional<domain::ApiKey> FindApiKeyInMemory(const std::string& secret_hash) override;
  absl::StatusOr<std::vector<domain::ApiKey>> ListApiKeys(int64_t account_id, bool with_revoked,
                                                          Page page) override;
  absl::StatusOr<domain::ApiKey> RevokeApiKey(int64_t api_key_id, absl::Time now) override;
  absl::StatusOr<domain::WebhookSecrets> GetWebhookSecrets(int64_t account_id) override;
  absl::Status SetWebhookSecrets(int64_t account_id,
                                 const domain::WebhookSecrets& secrets) override;
  absl::StatusOr<std::string> GetOrCreateSecret(const std::string& name) override;

  // CampaignStore
  absl::StatusOr<domain::Campaign> CreateCampaign(const domain::Campaign& campaign,
                                                  const std::string& request_id,
                                                  absl::Time now) override;
  absl::StatusOr<std::shared_ptr<const domain::Campaign>> GetCampaign(int64_t campaign_id) override;
  bool IsCampaignInMemory(int64_t campaign_id) override;
  absl::StatusOr<std::vector<domain::Campaign>> ListCampaigns(
      int64_t account_id, const std::vector<domain::CampaignState>& states, Page page) override;
  absl::StatusOr<domain::Campaign> ChangeCampaign(
      int64_t account_id, int64_t campaign_id, absl::Time now,
      const std::function<absl::Status(domain::Campaign&)>& change) override;
  absl::Status DeleteCampaign(int64_t account_id, int64_t campaign_id) override;
  absl::StatusOr<std::vector<CampaignCounter>> GetCampaignCounters(int64_t campaign_id) override;
  absl::StatusOr<std::vector<SeriesRow>> GetCampaignSeries(int64_t campaign_id, absl::Time begin,
                                                           absl::Time end, int32_t limit) override;
  absl::StatusOr<std::vector<domain::Campaign>> ListActiveCampaigns(Page page) override;
  absl::Status SetCampaignOpen(int64_t campaign_id, bool is_open, absl::Time now) override;
  absl::StatusOr<absl::Duration> GetOpenTime(int64_t campaign_id, absl::Time now) override;
  absl::StatusOr<std::shared_ptr<const std::string>> GetTemplate(int64_t campaign_id,
                                                                 int32_t version) override;
  absl::StatusOr<int64_t> InternRoute(const std::string& name) override;
  absl::StatusOr<std::string> GetRouteName(int64_t route_id) override;

  // MessageStore
  void AcceptMessages(AcceptBatch batch, AcceptDone done) override;
  absl::StatusOr<domain::Message> GetMessage(int64_t account_id, int64_t message_id,
                                             bool with_details) override;
  absl::StatusOr<std::vector<domain::Message>> GetMessages(int64_t account_id, int64_t first_id,
                                                           int32_t count) override;
  absl::StatusOr<MessagePage> ListMessages(const MessageFilter& filter, int64_t after_id,
                                           int32_t page_size) override;
  absl::StatusOr<domain::Message> CancelMessage(int64_t account_id, int64_t message_id,
                                                absl::Time now) override;
  absl::StatusOr<FailedMessages> FindFailed(int64_t campaign_id, const RetryFilter& filter,
                                            int64_t after_id, int32_t limit) override;
  absl::StatusOr<int32_t> SendAgain(const OperationStep& step, const RetryFilter& filter,
                                    const std::vector<MessageAgain>& messages,
                                    absl::Time now) override;
  absl::StatusOr<EraseStep> EraseRecipient(int64_t account_id, const std::string& recipient,
                                           absl::Time now, int32_t limit) override;
  absl::StatusOr<bool> EmptyLog() override;
  absl::StatusOr<MessagePage> ExportMessages(const ExportFilter& filter, int64_t after_id,
                                             int32_t limit) override;

  // DispatchStore
  void ClaimMessages(std::vector<LaneClaim> lanes, const std::string& owner, absl::Time lease_end,
                     absl::Time now, ClaimDone done) override;
  absl::Status RenewLeases(const std::string& owner, absl::Time lease_end) override;
  void RecordOutcomes(std::vector<OutcomeRecord> outcomes, absl::Time now,
                      DispatchStore::Done done) override;
  void ApplyReceipts(std::vector<ReceiptRecord> receipts, absl::Time now,
                     ReceiptsDone done) override;
  absl::StatusOr<std::vector<LaneClaim>> ListReadyLanes(int64_t after_campaign_id,
                                                        int64_t after_route_id,
                                                        int32_t limit) override;
  absl::StatusOr<StepResult> PromoteDue(absl::Time now, int32_t limit) override;
  absl::StatusOr<std::optional<WaitingMessages>> PeekWaiting(int64_t campaign_id) override;
  absl::StatusOr<std::optional<absl::Time>> NextPromotion() override;
  absl::StatusOr<StepResult> ExpireReady(int64_t campaign_id, absl::Duration eligible_before,
                                         absl::Time now, int32_t limit) override;
  absl::StatusOr<StepResult> ExpireStatuses(absl::Time now, int32_t limit) override;
  absl::StatusOr<std::optional<absl::Time>> NextStatusDeadline() override;
  absl::StatusOr<StepResult> EndWaiting(int64_t campaign_id, domain::MessageState state,
                                        domain::StateReason reason, absl::Time now,
                                        int32_t limit) override;
  absl::StatusOr<bool> FinishIfSent(int64_t campaign_id, absl::Time now) override;
  absl::StatusOr<bool> FinishIfDone(int64_t campaign_id, absl::Time now) override;
  absl::StatusOr<std::vector<ClaimedMessage>> ListLapsedClaims(absl::Time now,
                                                               int32_t limit) override;
  absl::Status LapseOtherClaims(const std::string& owner, absl::Time now) override;
  absl::StatusOr<StepResult> RerouteStray(const std::vector<KnownRoute>& routes,
                                          const RoutePicker& pick, absl::Time now,
                                          int32_t limit) override;
  absl::StatusOr<StepResult> Prune(absl::Time before, absl::Time now, int32_t limit) override;

  // StopListStore
  absl::StatusOr<int32_t> AddToStopList(const std::vector<domain::StopListEntry>& entries) override;
  absl::StatusOr<int32_t> RemoveFromStopList(int64_t account_id,
                                             const std::vector<std::string>& addresses) override;
  absl::StatusOr<std::vector<domain::StopListEntry>> ListStopList(int64_t account_id,
                                                                  const std::string& address,
                                                                  Page page) override;
  absl::StatusOr<bool> IsStopListed(int64_t account_id, std::string_view address) override;

  // WebhookStore
  absl::StatusOr<std::vector<EndpointDue>> ListPendingEndpoints(int64_t after_endpoint_id,
                                                                int32_t limit) override;
  void ClaimWebhooks(std::vector<WebhookClaim> claims, absl::Time lease_end, absl::Time now,
                     ClaimWebhooksDone done) override;
  void RecordWebhookOutcomes(std::vector<WebhookOutcome> outcomes, absl::Time now,
                             WebhookStore::Done done) override;
  absl::StatusOr<WebhookPage> ListWebhooks(const WebhookFilter& filter, int64_t after_id,
                                           int32_t page_size) override;
  absl::StatusOr<domain::WebhookDelivery> ReplayWebhook(int64_t account_id, int64_t delivery_id,
                                                        absl::Time now) override;
  absl::StatusOr<Replayed> ReplayFailedWebhooks(int64_t account_id, int64_t campaign_id,
                                                absl::Time now, int32_t limit) override;
  absl::StatusOr<WebhookLag> GetWebhookLag() override;

  // OperationStore
  absl::StatusOr<domain::Operation> CreateOperation(const NewOperation& operation,
                                                    absl::Time now) override;
  absl::StatusOr<std::optional<domain::Operation>> FindRepeatedOperation(
      int64_t account_id, const std::string& request_id, const std::string& request_hash,
      absl::Time now) override;
  absl::StatusOr<domain::Operation> GetOperation(int64_t account_id, int64_t operation_id) override;
  absl::StatusOr<std::vector<domain::Operation>> ListOperations(int64_t account_id,
                                                                int64_t campaign_id,
                                                                Page page) override;
  absl::StatusOr<std::vector<domain::Operation>> ListRunningOperations(int32_t of_account_max,
                                                                       int32_t limit) override;
  absl::StatusOr<bool> HasOlderImport(int64_t account_id, int64_t operation_id) override;
  absl::StatusOr<domain::Operation> CancelOperation(int64_t account_id, int64_t operation_id,
                                                    absl::Time now) override;
  absl::Status AdvanceOperation(const OperationStep& step, absl::Time now) override;
  absl::Status FailOperation(int64_t operation_id, const absl::Status& error,
                             absl::Time now) override;

  // ImportStore
  absl::StatusOr<int64_t> BeginUpload(int64_t account_id, const std::string& file_name,
                                      absl::Time now) override;
  absl::Status FinishUpload(const domain::Upload& upload, absl::Time now) override;
  absl::StatusOr<domain::Upload> GetUpload(int64_t account_id, int64_t upload_id) override;
  absl::StatusOr<domain::Upload> UseUpload(int64_t account_id, int64_t upload_id,
                                           absl::Time now) override;
  absl::Status DeleteUpload(int64_t account_id, int64_t upload_id) override;
  absl::StatusOr<std::vector<int64_t>> ListUnusedUploads(absl::Time before, int32_t limit) override;
  absl::StatusOr<std::vector<int64_t>> ListUploads(int64_t account_id, absl::Time until,
                                                   int64_t after_id, int32_t limit) override;
  absl::Status DropUnfinishedUploads() override;
  absl::StatusOr<domain::Operation> CreateImport(const NewImport& import, absl::Time now) override;
  absl::StatusOr<ImportDetails> GetImport(int64_t operation_id) override;
  void AddImportStep(std::shared_ptr<const ImportStep> step, absl::Time now,
                     StepDone done) override;
  absl::StatusOr<ReplaceStep> CancelReplaced(const OperationStep& step, int32_t limit,
                                             absl::Time now) override;
  absl::StatusOr<int64_t> ScanRecipients(
      int64_t campaign_id, int64_t before_id, int32_t rows_max,
      absl::FunctionRef<void(std::string_view recipient)> visit) override;
  absl::StatusOr<std::vector<RejectedRow>> ListRejectedRows(int64_t operation_id, int64_t after_row,
                                                            int32_t limit) override;
  absl::Status BlankRejectedRows(int64_t operation_id,
                                 const std::vector<int64_t>& row_numbers) override;

  // Store
  void AddObserver(StoreObserver* observer) override { writer_.AddObserver(observer); }
  void Drain() override { writer_.Drain(); }
  absl::Status Ready() override;
  absl::StatusOr<std::vector<QueueDepth>> QueueDepths() override;
  absl::StatusOr<int64_t> CountUnknownOutcomes() override;
  absl::StatusOr<std::optional<absl::Time>> OldestReady() override;
  size_t WriteQueueLength() const override { return writer_.QueueLength(); }

 private:
  // A blocking write that belongs to no message batch.
  template <typename Run>
  auto Write(Run run) {
    return writer_.Call(WriteSize{}, Admission::kAlways, std::move(run));
  }

  FileLock lock_;
  Caches caches_;
  // Before the readers: they cannot open what is not there.
  Writer writer_;
  ReaderPool readers_;

  // Groups written at the last Ready.
  std::atomic<uint64_t> ready_groups_{0};

  // Held during a step of pruning.
  base::Mutex prune_mutex_;
  // Where the round stands.
  int64_t pruned_message_id_ GUARDED_BY(prune_mutex_) = 0;
  // Messages of deleted campaigns may be left; and the present round looks for them.
  std::atomic<bool> has_orphans_{true};
  bool prunes_orphans_ GUARDED_BY(prune_mutex_) = true;
  int64_t pruned_webhook_id_ GUARDED_BY(prune_mutex_) = 0;
  int64_t pruned_series_id_ GUARDED_BY(prune_mutex_) = 0;
};

}  // namespace campaigner::storage::sqlite

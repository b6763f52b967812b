#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/dispatch/routes.h"
#include "server/domain/phone.h"
#include "server/imports/address_set.h"
#include "server/imports/metrics.h"
#include "server/imports/reading/format.h"
#include "server/imports/reading/row_source.h"
#include "server/imports/row_judge.h"
#include "server/imports/step_pipe.h"
#include "server/imports/uploads.h"
#include "server/operations/job.h"
#include "server/storage/store.h"

namespace campaigner::imports {

// What imports work with. Everything outlives every job.
struct ImportContext {
  storage::Store& store;
  const base::Clock& clock;
  const dispatch::RouteTable& routes;
  const domain::PhoneNormalizer& phones;
  const Uploads& uploads;
  ImportMetrics& metrics;
  // The format in an import's request, as the service that made it wrote it.
  std::function<absl::StatusOr<Format>(const std::string& request)> read_format;
};

// Where an import that replaces begins; any other begins with "".
inline constexpr char kClearFirst[] = "clear";

// Turns the rows of an upload into messages of a campaign, in four phases: opens the file, cancels
// what is to be replaced, learns which recipients the campaign has, reads and stores the rows. The
// position in the file is written down with the rows before it, so that a new job goes on exactly
// there.
class ImportJob final : public operations::Job {
 public:
  // `operation` is of kind kImport. The store's errors.
  static absl::StatusOr<std::unique_ptr<operations::Job>> Make(const ImportContext& context,
                                                               const domain::Operation& operation,
                                                               operations::Wake wake);

  absl::StatusOr<Turn> TakeTurn() override;

 private:
  enum class Phase : uint8_t { kOpen, kClear, kLearn, kRead, kFinish };

  ImportJob(const ImportContext& context, const domain::Operation& operation,
            const storage::ImportDetails& details, std::string region, operations::Wake wake);

  // First, so that nothing is cancelled for a file that cannot be read.
  absl::StatusOr<Turn> Open();
  absl::StatusOr<Turn> Clear();
  absl::StatusOr<Turn> Learn();
  absl::StatusOr<Turn> Read();
  // Reads up to a step's rows into judged_, or none where too much is passed over; false at the end
  // of the file.
  absl::StatusOr<bool> ReadRows(const domain::Campaign& campaign);
  // Moves what it needs out of the row.
  absl::Status DecideRow(JudgedRow& row, storage::ImportStep& step);
  absl::StatusOr<std::shared_ptr<const storage::ImportStep>> MakeStep();
  storage::OperationStep NextStep();

  const ImportContext context_;
  const int64_t operation_id_;
  const int64_t account_id_;
  const int64_t campaign_id_;
  const int64_t upload_id_;
  const std::string region_;
  const std::string request_;
  const bool clears_;
  Phase phase_ = Phase::kOpen;
  // Of the next step.
  int64_t step_number_;
  std::optional<Position> position_;
  int64_t total_units_;

  // Since when it waits for messages that are being sent.
  absl::Time waits_since_ = absl::InfiniteFuture();
  // Learning goes on below this message.
  int64_t before_id_;
  AddressSet addresses_;

  Format format_;
  std::optional<RowOpening> opening_;
  std::optional<RecipientMapper> mapper_;
  std::optional<RowJudge> judge_;
  std::unique_ptr<RowSource> source_;
  RawRow raw_;
  // Rows of a step; only the first judged_count_ are in use.
  std::vector<JudgedRow> judged_;
  size_t judged_count_ = 0;
  StepPipe pipe_;
};

}  // namespace campaigner::imports

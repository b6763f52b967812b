#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

// Long work that goes on over restarts. Plain values.
namespace campaigner::domain {

// Numbers are stored, and equal to those of campaigner.v1.Operation.Kind.
enum class OperationKind : uint8_t { kImport = 1, kRetry = 2, kErase = 3 };
const char* KindName(OperationKind kind);

// Numbers are stored, and equal to those of campaigner.v1.Operation.State.
enum class OperationState : uint8_t { kRunning = 1, kDone = 2, kFailed = 3, kCancelled = 4 };
const char* StateName(OperationState state);

struct Operation {
  int64_t id = 0;
  int64_t account_id = 0;
  int64_t campaign_id = 0;  // 0: not about one campaign.
  OperationKind kind = OperationKind::kImport;
  OperationState state = OperationState::kRunning;
  // What was asked, and how far it is: bytes that only the kind's own code reads.
  std::string request = {};
  std::string checkpoint = {};
  // Steps that are on disk. A step names the number that it expects here, so that none is done
  // twice or left out.
  int64_t steps = 0;
  // Progress: bytes of an import, messages of others. total_units 0: not known yet.
  int64_t done_units = 0;
  int64_t total_units = 0;
  // Messages that it made or changed.
  int64_t messages = 0;
  // Of a FAILED one: code, message and reason.
  absl::Status error = {};
  absl::Time create_time = {};
  absl::Time update_time = {};
  std::optional<absl::Time> end_time = {};
};

// What became of the rows of an import so far.
struct ImportCounts {
  int64_t rows = 0;
  int64_t accepted = 0;
  int64_t duplicates = 0;
  int64_t stop_listed = 0;
  int64_t invalid = 0;

  friend bool operator==(const ImportCounts&, const ImportCounts&) = default;
};

// A file that was uploaded.
struct Upload {
  int64_t id = 0;
  int64_t account_id = 0;
  std::string file_name = {};  // Empty: pasted text.
  int64_t bytes = 0;
  std::string sha256 = {};  // 32 bytes.
  absl::Time create_time = {};
  absl::Time use_time = {};  // Last used.
};

}  // namespace campaigner::domain

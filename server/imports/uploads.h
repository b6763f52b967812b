#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/base/limits.h"
#include "server/base/thread_annotations.h"
#include "server/domain/operation.h"
#include "server/imports/file_hash.h"
#include "server/storage/import_store.h"

namespace campaigner::imports {

struct UploadLimits {
  int64_t file_bytes_max = base::limits::kUploadBytesMax;
  int64_t bytes_max = base::limits::kUploadsBytesMax;
  int64_t files_max = base::limits::kUploadsMax;
  int arriving_max = base::limits::kUploadsArrivingMax;
  int64_t bytes_of_account_max = base::limits::kUploadsBytesOfAccountMax;
  int64_t files_of_account_max = base::limits::kUploadsOfAccountMax;
  int arriving_of_account_max = base::limits::kUploadsArrivingOfAccountMax;
};

class ArrivingFile;

// The folder of uploaded files, each under its id; the store knows the rest of them. All functions
// block. Thread-safe.
class Uploads {
 public:
  // `store` and `clock` must outlive it.
  Uploads(std::string folder, const UploadLimits& limits, storage::ImportStore& store,
          const base::Clock& clock);

  // Makes the folder, and removes what the last server left half done. UNAVAILABLE where that
  // fails; the store's errors.
  absl::Status Start();

  // A file begins to arrive. `file_name` is only remembered; empty: pasted text. UPLOADS_FULL;
  // OVERLOADED while too many arrive; each also where only the account has that many. The store's
  // errors.
  absl::StatusOr<std::unique_ptr<ArrivingFile>> Begin(int64_t account_id,
                                                      const std::string& file_name);
  // A whole one at once.
  absl::StatusOr<domain::Upload> Keep(int64_t account_id, const std::string& file_name,
                                      std::string_view bytes);

  // Where the bytes of a finished upload lie.
  std::string PathOf(int64_t upload_id) const;

  // UPLOAD_IN_USE, UPLOAD_NOT_FOUND.
  absl::Status Delete(int64_t account_id, int64_t upload_id);

  // Deletes what was not used for limits::kUploadKept, and what was handed to DiscardLater.
  absl::Status RemoveUnused(absl::Time now);

  // For a thread that must not block: what is given away here goes with the next RemoveUnused.
  void DiscardLater(std::unique_ptr<ArrivingFile> file) EXCLUDES(mutex_);

  // Of all files, also those that are arriving.
  int64_t bytes() const EXCLUDES(mutex_);
  int64_t files() const EXCLUDES(mutex_);

 private:
  friend class ArrivingFile;

  struct Usage {
    int64_t bytes = 0;
    int64_t files = 0;
    int arriving = 0;
    void operator+=(const Usage& other);
  };

  // All or nothing: UPLOADS_FULL, OVERLOADED. What is taken is given back with Release.
  absl::Status Take(int64_t account_id, const Usage& usage) EXCLUDES(mutex_);
  void Release(int64_t account_id, const Usage& usage) EXCLUDES(mutex_);
  // Removes the file and gives back its room.
  void Remove(int64_t account_id, int64_t upload_id);
  // So that a new name survives a power cut.
  absl::Status SyncFolder() const;

  const std::string folder_;
  const UploadLimits limits_;
  storage::ImportStore& store_;
  const base::Clock& clock_;
  mutable base::Mutex mutex_;
  Usage total_ GUARDED_BY(mutex_);
  // Without those that have nothing.
  absl::flat_hash_map<int64_t, Usage> by_account_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<ArrivingFile>> discarded_ GUARDED_BY(mutex_);
};

// A file on its way in. Thrown away unless it is finished. Blocks, the destructor too. For one
// thread at a time; must not outlive its Uploads.
class ArrivingFile {
 public:
  ~ArrivingFile();
  ArrivingFile(const ArrivingFile&) = delete;
  ArrivingFile& operator=(const ArrivingFile&) = delete;

  // UPLOAD_TOO_LARGE, UPLOADS_FULL; UNAVAILABLE where the disk does not take it. After an error
  // nothing but the destructor may be called.
  absl::Status Append(std::string_view bytes);

  // On disk when it answers OK. UNAVAILABLE; the store's errors.
  absl::StatusOr<domain::Upload> Finish();

 private:
  friend class Uploads;
  ArrivingFile(Uploads& uploads, const domain::Upload& upload, int descriptor);

  Uploads& uploads_;
  domain::Upload upload_;
  int descriptor_;
  bool is_finished_ = false;
  FileHash sha256_;
};

}  // namespace campaigner::imports

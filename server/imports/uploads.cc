#include "server/imports/uploads.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/numbers.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/domain/errors/operations.h"
#include "server/domain/errors/requests.h"

namespace campaigner::imports {
namespace {

namespace errors = domain::errors;
namespace limits = base::limits;
using domain::Upload;

// Uploads that one round of RemoveUnused deletes.
constexpr int32_t kRemovedAtOnce = 100;

absl::Status DiskError(int error) { return errors::UploadFailed(std::strerror(error)); }

}  // namespace

Uploads::Uploads(std::string folder, const UploadLimits& limits, storage::ImportStore& store,
                 const base::Clock& clock)
    : folder_(std::move(folder)), limits_(limits), store_(store), clock_(clock) {}

absl::Status Uploads::Start() {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return DiskError(error.value());
  RETURN_IF_ERROR(store_.DropUnfinishedUploads());
  std::vector<std::string> orphans;
  for (std::filesystem::directory_iterator entry(folder_, error), end; !error && entry != end;
       entry.increment(error)) {
    int64_t id = 0;
    if (!absl::SimpleAtoi(entry->path().filename().string(), &id)) continue;
    const absl::StatusOr<Upload> upload = store_.GetUpload(0, id);
    if (absl::IsNotFound(upload.status())) {
      orphans.push_back(entry->path());
      continue;
    }
    RETURN_IF_ERROR(upload.status());
    std::error_code size_error;
    const auto bytes = static_cast<int64_t>(entry->file_size(size_error));
    // Not to be refused for what is there already, whatever the limits are now.
    Release(upload->account_id, {.bytes = -bytes, .files = -1});
  }
  if (error) return DiskError(error.value());
  for (const std::string& orphan : orphans) unlink(orphan.c_str());
  if (!orphans.empty()) base::LogInfo("uploads_dropped", {{"files", orphans.size()}});
  return absl::OkStatus();
}

std::string Uploads::PathOf(int64_t upload_id) const {
  return fmt::format("{}/{}", folder_, upload_id);
}

void Uploads::Usage::operator+=(const Usage& other) {
  bytes += other.bytes;
  files += other.files;
  arriving += other.arriving;
}

absl::Status Uploads::Take(int64_t account_id, const Usage& usage) {
  base::MutexLock lock(mutex_);
  Usage total = total_;
  total += usage;
  const auto found = by_account_.find(account_id);
  Usage of_account = found == by_account_.end() ? Usage{} : found->second;
  of_account += usage;
  if (total.arriving > limits_.arriving_max ||
      of_account.arriving > limits_.arriving_of_account_max) {
    return errors::Overloaded();
  }
  if (total.files > limits_.files_max) return errors::TooManyUploads(limits_.files_max);
  if (of_account.files > limits_.files_of_account_max) {
    return errors::TooManyUploads(limits_.files_of_account_max);
  }
  if (total.bytes > limits_.bytes_max) return errors::UploadsFull(limits_.bytes_max);
  if (of_account.bytes > limits_.bytes_of_account_max) {
    return errors::UploadsFull(limits_.bytes_of_account_max);
  }
  total_ = total;
  by_account_[account_id] = of_account;
  return absl::OkStatus();
}

void Uploads::Release(int64_t account_id, const Usage& usage) {
  const Usage back{.bytes = -usage.bytes, .files = -usage.files, .arriving = -usage.arriving};
  base::MutexLock lock(mutex_);
  total_ += back;
  Usage& of_account = by_account_[account_id];
  of_account += back;
  if (of_account.files == 0 && of_account.arriving == 0) by_account_.erase(account_id);
}

int64_t Uploads::bytes() const {
  base::MutexLock lock(mutex_);
  return total_.bytes;
}

int64_t Uploads::files() const {
  base::MutexLock lock(mutex_);
  return total_.files;
}

absl::StatusOr<std::unique_ptr<ArrivingFile>> Uploads::Begin(int64_t account_id,
                                                             const std::string& file_name) {
  constexpr Usage kPlace{.files = 1, .arriving = 1};
  RETURN_IF_ERROR(Take(account_id, kPlace));
  Upload upload{.account_id = account_id, .file_name = file_name, .create_time = clock_.Now()};
  const auto id = store_.BeginUpload(account_id, file_name, upload.create_time);
  if (!id.ok()) {
    Release(account_id, kPlace);
    return id.status();
  }
  upload.id = *id;
  // A constructor's friend makes it: no make_unique.
  auto file = std::unique_ptr<ArrivingFile>(new ArrivingFile(
      *this, upload,
      open(PathOf(*id).c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR)));
  if (file->descriptor_ < 0) return DiskError(errno);
  return file;
}

absl::StatusOr<Upload> Uploads::Keep(int64_t account_id, const std::string& file_name,
                                     std::string_view bytes) {
  ASSIGN_OR_RETURN(const auto file, Begin(account_id, file_name));
  RETURN_IF_ERROR(file->Append(bytes));
  return file->Finish();
}

void Uploads::Remove(int64_t account_id, int64_t upload_id) {
  const std::string path = PathOf(upload_id);
  struct stat about {};
  const int64_t bytes = stat(path.c_str(), &about) == 0 ? about.st_size : 0;
  if (unlink(path.c_str()) == 0) Release(account_id, {.bytes = bytes, .files = 1});
}

absl::Status Uploads::SyncFolder() const {
  const int descriptor = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return DiskError(errno);
  const int result = fsync(descriptor);
  const int error = errno;
  close(descriptor);
  return result == 0 ? absl::OkStatus() : DiskError(error);
}

// The row first: a file without one is removed at the next start.
absl::Status Uploads::Delete(int64_t account_id, int64_t upload_id) {
  RETURN_IF_ERROR(store_.GetUpload(account_id, upload_id).status());
  RETURN_IF_ERROR(store_.DeleteUpload(account_id, upload_id));
  Remove(account_id, upload_id);
  return absl::OkStatus();
}

absl::Status Uploads::RemoveUnused(absl::Time now) {
  std::vector<std::unique_ptr<ArrivingFile>> discarded;
  {
    base::MutexLock lock(mutex_);
    discarded.swap(discarded_);
  }
  discarded.clear();
  ASSIGN_OR_RETURN(const std::vector<int64_t> ids,
                   store_.ListUnusedUploads(now - limits::kUploadKept, kRemovedAtOnce));
  for (const int64_t id : ids) {
    const absl::StatusOr<Upload> upload = store_.GetUpload(0, id);
    const absl::Status status =
        upload.ok() ? store_.DeleteUpload(upload->account_id, id) : upload.status();
    // Since it was listed, somebody may have begun to read it, or deleted it.
    if (absl::IsFailedPrecondition(status) || absl::IsNotFound(status)) continue;
    RETURN_IF_ERROR(status);
    Remove(upload->account_id, id);
  }
  return absl::OkStatus();
}

void Uploads::DiscardLater(std::unique_ptr<ArrivingFile> file) {
  base::MutexLock lock(mutex_);
  discarded_.push_back(std::move(file));
}

ArrivingFile::ArrivingFile(Uploads& uploads, const Upload& upload, int descriptor)
    : uploads_(uploads), upload_(upload), descriptor_(descriptor) {}

ArrivingFile::~ArrivingFile() {
  if (descriptor_ >= 0) close(descriptor_);
  uploads_.Release(upload_.account_id, {.arriving = 1});
  if (is_finished_) return;
  unlink(uploads_.PathOf(upload_.id).c_str());
  uploads_.Release(upload_.account_id, {.bytes = upload_.bytes, .files = 1});
  // Where this fails, the row goes with those that nobody uses.
  if (absl::Status status = uploads_.store_.DeleteUpload(0, upload_.id); !status.ok()) {
    base::LogInfo("upload_not_dropped", {{"upload", upload_.id}});
  }
}

absl::Status ArrivingFile::Append(std::string_view bytes) {
  const auto size = static_cast<int64_t>(bytes.size());
  if (upload_.bytes + size > uploads_.limits_.file_bytes_max) {
    return errors::UploadTooLarge(uploads_.limits_.file_bytes_max);
  }
  RETURN_IF_ERROR(uploads_.Take(upload_.account_id, {.bytes = size}));
  upload_.bytes += size;
  sha256_.Add(bytes);
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return DiskError(errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<Upload> ArrivingFile::Finish() {
  if (fsync(descriptor_) != 0) return DiskError(errno);
  RETURN_IF_ERROR(uploads_.SyncFolder());
  upload_.sha256 = sha256_.Finish();
  upload_.use_time = uploads_.clock_.Now();
  RETURN_IF_ERROR(uploads_.store_.FinishUpload(upload_, upload_.use_time));
  is_finished_ = true;
  return upload_;
}

}  // namespace campaigner::imports

#include "server/base/status_macros.h"
#include "server/domain/errors/operations.h"
#include "server/storage/sqlite/convert.h"
#include "server/storage/sqlite/moves.h"
#include "server/storage/sqlite/sql_operations.h"
#include "server/storage/sqlite/store_impl.h"

namespace campaigner::storage::sqlite {
namespace {

namespace errors = domain::errors;
using domain::Upload;

struct StoredUpload {
  Upload upload;
  bool is_finished = false;
};

absl::StatusOr<StoredUpload> FindUpload(Connection& db, int64_t account_id, int64_t upload_id) {
  Query query(db, sql::kGetUpload, upload_id);
  if (!query.Step() || (account_id != 0 && query.Int(0) != account_id)) {
    return errors::UploadNotFound(upload_id);
  }
  return StoredUpload{.upload = {.id = upload_id,
                                 .account_id = query.Int(0),
                                 .file_name = query.String(1),
                                 .bytes = query.Int(2),
                                 .sha256 = query.String(3),
                                 .create_time = TimeFrom(query.Int(4)),
                                 .use_time = TimeFrom(query.Int(5))},
                      .is_finished = query.Int(6) != 0};
}

absl::StatusOr<Upload> FindFinished(Connection& db, int64_t account_id, int64_t upload_id) {
  ASSIGN_OR_RETURN(StoredUpload stored, FindUpload(db, account_id, upload_id));
  if (!stored.is_finished) return errors::UploadNotFound(upload_id);
  return std::move(stored.upload);
}

}  // namespace

absl::StatusOr<int64_t> SqliteStore::BeginUpload(int64_t account_id, const std::string& file_name,
                                                 absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<int64_t> {
    Query query(transaction.db(), sql::kInsertUpload, account_id, file_name, ToColumn(now));
    query.Step();
    const int64_t upload_id = query.Int(0);
    query.Run();
    return upload_id;
  });
}

absl::Status SqliteStore::FinishUpload(const Upload& upload, absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(FindUpload(transaction.db(), upload.account_id, upload.id).status());
    Query(transaction.db(), sql::kFinishUpload, upload.id, upload.bytes, Blob{upload.sha256},
          ToColumn(now))
        .Run();
    return absl::OkStatus();
  });
}

absl::StatusOr<Upload> SqliteStore::GetUpload(int64_t account_id, int64_t upload_id) {
  return readers_.Read([&](Connection& db) { return FindFinished(db, account_id, upload_id); });
}

absl::StatusOr<Upload> SqliteStore::UseUpload(int64_t account_id, int64_t upload_id,
                                              absl::Time now) {
  return Write([&](Transaction& transaction) -> absl::StatusOr<Upload> {
    ASSIGN_OR_RETURN(Upload upload, FindFinished(transaction.db(), account_id, upload_id));
    upload.use_time = now;
    Query(transaction.db(), sql::kUseUpload, upload_id, ToColumn(now)).Run();
    return upload;
  });
}

absl::Status SqliteStore::DeleteUpload(int64_t account_id, int64_t upload_id) {
  return Write([&](Transaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(FindUpload(transaction.db(), account_id, upload_id).status());
    {
      Query query(transaction.db(), sql::kImportOfUpload, upload_id);
      if (query.Step()) return errors::UploadInUse(upload_id, query.Int(0));
    }
    Query(transaction.db(), sql::kDeleteUpload, upload_id).Run();
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<int64_t>> SqliteStore::ListUnusedUploads(absl::Time before,
                                                                    int32_t limit) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<int64_t>> {
    Query query(db, sql::kUnusedUploads, ToColumn(before), limit);
    return ReadIds(query);
  });
}

absl::StatusOr<std::vector<int64_t>> SqliteStore::ListUploads(int64_t account_id, absl::Time until,
                                                              int64_t after_id, int32_t limit) {
  return readers_.Read([&](Connection& db) -> absl::StatusOr<std::vector<int64_t>> {
    Query query(db, sql::kListUploads, account_id, after_id, ToColumn(until), limit);
    return ReadIds(query);
  });
}

absl::Status SqliteStore::DropUnfinishedUploads() {
  return Write([](Transaction& transaction) -> absl::Status {
    Query(transaction.db(), sql::kDropUnfinishedUploads).Run();
    return absl::OkStatus();
  });
}

}  // namespace campaigner::storage::sqlite

#include "server/storage/sqlite/secure_delete.h"

#include "server/base/log.h"

namespace campaigner::storage::sqlite {

SecureDelete::SecureDelete(Connection& db) : db_(db) { db_.Execute("PRAGMA secure_delete = ON"); }

SecureDelete::~SecureDelete() {
  const absl::Status status = Guard([&]() -> absl::Status {
    db_.Execute("PRAGMA secure_delete = FAST");
    return absl::OkStatus();
  });
  if (!status.ok()) base::LogError("secure_delete_stays_on", {{"status", status.ToString()}});
}

}  // namespace campaigner::storage::sqlite

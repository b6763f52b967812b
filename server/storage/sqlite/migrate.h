#pragma once

#include <span>

#include "absl/status/status.h"
#include "schema/migrations.h"
#include "server/storage/sqlite/connection.h"

namespace campaigner::storage::sqlite {

// Applies the migrations that are missing, in order, each in a transaction of its own together with
// its record. Errors as of OpenSqliteStore; after one, the earlier migrations stand.
absl::Status Migrate(Connection& connection, std::span<const schema::Migration> migrations);

}  // namespace campaigner::storage::sqlite

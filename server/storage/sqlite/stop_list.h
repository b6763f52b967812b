#pragma once

#include "server/domain/stop_list.h"
#include "server/storage/sqlite/transaction.h"

// The writing of stop-lists. Throws SQLite::Exception.
namespace campaigner::storage::sqlite {

// False: it was there already.
bool InsertStopListEntry(Transaction& transaction, const domain::StopListEntry& entry);

// Fills the filter from what is stored.
void LoadStopFilter(Connection& connection, StopFilter& filter);

}  // namespace campaigner::storage::sqlite

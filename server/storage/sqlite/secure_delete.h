#pragma once

#include "server/storage/sqlite/connection.h"

namespace campaigner::storage::sqlite {

// The file keeps nothing of what is deleted while this lives: not even where a page is given up.
// For the writer's thread.
class SecureDelete {
 public:
  // Throws SQLite::Exception.
  explicit SecureDelete(Connection& db);
  ~SecureDelete();
  SecureDelete(const SecureDelete&) = delete;
  SecureDelete& operator=(const SecureDelete&) = delete;

 private:
  Connection& db_;
};

}  // namespace campaigner::storage::sqlite

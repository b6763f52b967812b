#pragma once

#include <span>

namespace campaigner::schema {

// One numbered step of the schema. Once released it is never changed: its checksum is recorded
// where it was applied.
struct Migration {
  int number = 0;             // 1, 2, 3 ..: the schema's version after it.
  const char* name = "";      // "001_initial"
  const char* checksum = "";  // SHA-256 of the file, in hexadecimal.
  const char* sql = "";       // Several statements; runs in one transaction.
};

// The migrations of schema/sqlite, embedded at build time, in the order of their numbers.
std::span<const Migration> SqliteMigrations();

}  // namespace campaigner::schema

#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/limits.h"
#include "server/storage/store.h"

namespace campaigner::storage {

struct SqliteOptions {
  // The database file; made if it is not there. Beside it lie `path`-wal, `path`-shm and
  // `path`.lock. Its folder must exist.
  std::string path;

  // True: what was acknowledged survives a power cut. False: it survives the death of the process
  // only; a power cut may take the last moments, but never damages the file.
  bool synchronous_full = true;

  // Connections for reading: as many reads run at once, further ones wait for a moment.
  int readers = 4;

  // Requests and bytes that may wait for the writer. Sends are refused at three quarters of it, so
  // that outcomes of what was accepted before still find room.
  size_t write_queue_max = base::limits::kWriteQueueMax;
  size_t write_queue_bytes_max = base::limits::kWriteQueueBytesMax;

  // From the start of one commit to that of the next while many send at once: at thousands of
  // single sends a second this makes one commit of two or three, and adds less than itself to their
  // latency. In real time, whatever the clock; zero: no write ever waits for others.
  absl::Duration gather_time = absl::Milliseconds(2);

  // With a clock, StoreObserver::OnCommit is told how long each group took. Must outlive the store.
  const base::Clock* clock = nullptr;
};

// Opens the database, brings its schema up to date and starts the writer. One store at a time may
// have a file open; it holds `path`.lock for life.
//
// FAILED_PRECONDITION: another server has the file (STORAGE_IN_USE, with its process id), or a
// newer version wrote it (STORAGE_TOO_NEW), or an applied migration is not the one we know
// (STORAGE_FOREIGN). UNAVAILABLE: the file cannot be opened or written. DATA_LOSS: it is damaged.
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const SqliteOptions& options);

}  // namespace campaigner::storage

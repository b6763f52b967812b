#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace spdlog {
class logger;
}

namespace campaigner::net {

struct HttpRequest;
struct HttpResult;

struct ExchangeLogOptions {
  std::string path = {};
  // Bytes of one file before it is rotated, and how many older files are kept: of
  // "exchanges.log", "exchanges.1.log" is the youngest.
  size_t file_bytes_max = 50u << 20;
  size_t old_files_max = 4;
  // Hide HttpRequest::personal and every value of a URL's query. Secrets are always hidden.
  bool redact_personal_data = true;
};

// One line per exchange in a file that rotates: purpose, method, URL, status, elapsed time, sizes,
// failure. No headers, no bodies. Thread-safe.
class ExchangeLog {
 public:
  // UNAVAILABLE if the file cannot be written.
  static absl::StatusOr<std::unique_ptr<ExchangeLog>> Open(ExchangeLogOptions options);
  ~ExchangeLog();

  void Write(const HttpRequest& request, const HttpResult& result, absl::Duration elapsed);

 private:
  ExchangeLog(ExchangeLogOptions options, std::unique_ptr<spdlog::logger> logger);

  const ExchangeLogOptions options_;
  const std::unique_ptr<spdlog::logger> logger_;
};

}  // namespace campaigner::net

#include "server/net/exchange_log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"
#include "server/base/limits.h"
#include "server/base/text.h"
#include "server/net/http_client.h"
#include "server/net/redact.h"

namespace campaigner::net {
namespace {

constexpr size_t kErrorBytesMax = 512;

std::string Quoted(std::string_view text, size_t bytes_max) {
  return nlohmann::json(base::Printable(text, bytes_max)).dump();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ExchangeLog>> ExchangeLog::Open(ExchangeLogOptions options) {
  try {
    auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
        options.path, options.file_bytes_max, options.old_files_max);
    auto logger = std::make_unique<spdlog::logger>("exchanges", std::move(sink));
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc);
    // A line that is lost in a crash is the one that would have explained it.
    logger->flush_on(spdlog::level::info);
    return std::unique_ptr<ExchangeLog>(new ExchangeLog(std::move(options), std::move(logger)));
  } catch (const spdlog::spdlog_ex& error) {
    return absl::UnavailableError(
        fmt::format("the exchange log {} cannot be written: {}", options.path, error.what()));
  }
}

ExchangeLog::ExchangeLog(ExchangeLogOptions options, std::unique_ptr<spdlog::logger> logger)
    : options_(std::move(options)), logger_(std::move(logger)) {}

ExchangeLog::~ExchangeLog() = default;

void ExchangeLog::Write(const HttpRequest& request, const HttpResult& result,
                        absl::Duration elapsed) {
  std::vector<std::string> hidden = request.secrets;
  std::string url = request.url;
  if (options_.redact_personal_data) {
    hidden.insert(hidden.end(), request.personal.begin(), request.personal.end());
    url = RedactQueryValues(url);
  }
  std::string line = fmt::format(
      "purpose={} method={} url={} status={} failure={} elapsed_ms={:.1f} sent={} received={}",
      Quoted(Redact(request.purpose, hidden), base::limits::kUrlBytesMax),
      Quoted(Redact(request.method, hidden), base::limits::kUrlBytesMax),
      Quoted(Redact(url, hidden), base::limits::kUrlBytesMax), result.response.status,
      FailureName(result.failure), absl::ToDoubleMilliseconds(elapsed), request.body.size(),
      result.response.body.size());
  if (!result.error.empty()) {
    line += fmt::format(" error={}", Quoted(Redact(result.error, hidden), kErrorBytesMax));
  }
  logger_->info(line);
}

}  // namespace campaigner::net

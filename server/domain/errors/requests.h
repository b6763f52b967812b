#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/error.h"

// Errors that any request may meet. Code, wording and reason are decided here.
namespace campaigner::domain::errors {

// INVALID_ARGUMENT, INVALID_FIELD. `description` fits behind the field's name: "must be at least
// 1".
absl::Status InvalidField(std::string_view field, std::string_view description);
// INVALID_ARGUMENT, INVALID_FIELDS: the first limits::kFieldViolationsMax of them are named, all
// are counted.
absl::Status InvalidFields(std::vector<base::FieldViolation> violations);

// UNAUTHENTICATED, API_KEY_MISSING / API_KEY_UNKNOWN (also revoked and expired ones: reasons of
// their own).
absl::Status ApiKeyMissing();
absl::Status ApiKeyUnknown();
absl::Status ApiKeyRevoked();
absl::Status ApiKeyExpired();
// PERMISSION_DENIED, CLIENT_NETWORK_DENIED.
absl::Status ClientNetworkDenied(std::string_view client_address);
// PERMISSION_DENIED, SCOPE_MISSING.
absl::Status ScopeMissing(std::string_view scope);
// RESOURCE_EXHAUSTED, RATE_EXCEEDED, with RetryInfo.
absl::Status RateExceeded(absl::Duration retry_after);
// RESOURCE_EXHAUSTED, WATCHER_TOO_SLOW.
absl::Status WatcherTooSlow();

// UNAVAILABLE with RetryInfo: OVERLOADED (a queue is full), DRAINING (shutting down),
// STORAGE_UNAVAILABLE (disk full, read-only, locked ..; `cause` for people).
absl::Status Overloaded();
absl::Status Draining();
absl::Status StorageUnavailable(std::string_view cause);
// DATA_LOSS, STORAGE_DAMAGED.
absl::Status StorageDamaged(std::string_view cause);
// INTERNAL, INTERNAL: our own bug; `cause` goes to the log, not to the caller.
absl::Status Internal(std::string_view cause);

}  // namespace campaigner::domain::errors

#include "server/domain/operation.h"

namespace campaigner::domain {

const char* KindName(OperationKind kind) {
  switch (kind) {
    case OperationKind::kImport: return "IMPORT";
    case OperationKind::kRetry: return "RETRY";
    case OperationKind::kErase: return "ERASE";
  }
  return "?";
}

const char* StateName(OperationState state) {
  switch (state) {
    case OperationState::kRunning: return "RUNNING";
    case OperationState::kDone: return "DONE";
    case OperationState::kFailed: return "FAILED";
    case OperationState::kCancelled: return "CANCELLED";
  }
  return "?";
}

}  // namespace campaigner::domain

#pragma once

#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "server/providers/provider.h"

namespace campaigner::providers {

// A message as good as any.
inline Submission AnySubmission() {
  return {.message_id = 42,
          .attempt_number = 1,
          .recipient = "79201234567",
          .sender = "Shop",
          .text = "Hello",
          .reference = "16-0123456789abcdef",
          .receipt_url = "http://127.0.0.1:8080/receipts/kannel?reference=16-0123456789abcdef",
          .validity = absl::Hours(1)};
}

inline SubmitOutcome SubmitAndWait(Provider& provider, Submission submission) {
  std::promise<std::vector<SubmitOutcome>> promise;
  std::future<std::vector<SubmitOutcome>> outcomes = promise.get_future();
  provider.Submit({std::move(submission)},
                  [&](std::vector<SubmitOutcome> got) { promise.set_value(std::move(got)); });
  return outcomes.get().at(0);
}

}  // namespace campaigner::providers

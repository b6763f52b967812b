#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "campaigner/v1/message_service.pb.h"
#include "client/cpp/message_stream.h"
#include "client/cpp/options.h"
#include "server/base/clock.h"
#include "server/base/thread_annotations.h"

namespace campaigner::cli {

// Messages of one call, and the input lines they came from.
struct Batch {
  v1::SendMessagesRequest request;
  std::vector<int64_t> lines;
};

struct BatchSenderOptions {
  // Batches under way at once.
  int in_flight_max = 8;
  // For batches that the server could not take now; each goes again under its request id.
  client::RetryPolicy retry = {.attempts_max = 10};
};

// Sends batches over a stream, several at a time, and again where that is harmless. For one thread.
class BatchSender {
 public:
  using OnAccepted = std::function<void(const v1::SendMessagesResponse&)>;

  BatchSender(client::MessageStream& stream, BatchSenderOptions options, OnAccepted on_accepted)
      : stream_(stream), options_(options), on_accepted_(std::move(on_accepted)) {}

  // Waits for a place, then sends. Gives the batch a request id where it has none. The error of a
  // batch sent before, if one was refused: then nothing further is sent.
  absl::Status Send(Batch batch);
  // Waits for all answers.
  absl::Status Finish();

 private:
  struct Answer {
    Batch batch;
    int attempt = 0;
    absl::StatusOr<v1::SendMessagesResponse> result;
  };

  void Submit(Batch batch, int attempt);
  // Takes answers until at most `in_flight` batches are under way.
  absl::Status WaitFor(int in_flight);
  absl::Status Take(Answer answer);

  client::MessageStream& stream_;
  const BatchSenderOptions options_;
  const OnAccepted on_accepted_;
  base::SystemClock clock_;
  int in_flight_ = 0;
  absl::Status error_;
  base::Mutex mutex_;
  std::condition_variable_any answered_;
  std::vector<Answer> answers_ GUARDED_BY(mutex_);
};

// `status` with lines of the input instead of "messages[3]".
absl::Status WithLines(const absl::Status& status, const std::vector<int64_t>& lines);

}  // namespace campaigner::cli

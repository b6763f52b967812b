#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <semaphore>
#include <thread>

#include "server/net/http_client.h"
#include "server/providers/registry.h"
#include "tests/support/status_matchers.h"

// What the simulator promises as a provider, made as the server makes it, on the real clock.
namespace campaigner::providers {
namespace {

constexpr std::chrono::seconds kPatience(20);

class SimulatorConformanceTest : public ::testing::Test {
 protected:
  std::unique_ptr<Provider> Make(const SimulatorOptions& options, ReceiptSink sink) {
    auto made = MakeProvider({.name = "simulator", .kind = options},
                             {.clock = clock_, .http = *http_, .receipts = std::move(sink)});
    EXPECT_OK(made);
    return *std::move(made);
  }

  base::SystemClock clock_;
  std::unique_ptr<net::HttpClient> http_ = net::MakeHttpClient({});
};

std::vector<Submission> Batch(int64_t first_id, int count) {
  std::vector<Submission> batch(static_cast<size_t>(count));
  for (Submission& submission : batch) {
    submission.message_id = first_id++;
    submission.attempt_number = 1;
    submission.validity = absl::Hours(1);
  }
  return batch;
}

TEST_F(SimulatorConformanceTest, EveryAcceptedMessageGetsOneReceipt) {
  constexpr int kThreads = 4;
  constexpr int kBatches = 25;
  constexpr int kEach = kThreads * kBatches * 1000;
  std::vector<std::atomic<int>> receipts(kEach);
  std::counting_semaphore<> received(0);
  const auto provider = Make({.receipt_delay = absl::Milliseconds(20), .undelivered_percent = 50},
                             [&](const std::vector<Receipt>& got) {
                               for (const Receipt& receipt : got) {
                                 ++receipts[static_cast<size_t>(receipt.message_id)];
                               }
                               received.release(static_cast<std::ptrdiff_t>(got.size()));
                             });
  std::atomic<int> accepted = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int b = 0; b < kBatches; ++b) {
        provider->Submit(Batch((t * kBatches + b) * 1000, 1000),
                         [&](const std::vector<SubmitOutcome>& outcomes) {
                           for (const SubmitOutcome& outcome : outcomes) {
                             accepted += outcome.outcome == domain::AttemptOutcome::kAccepted;
                           }
                         });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(accepted, kEach);
  for (int i = 0; i < kEach; ++i) ASSERT_TRUE(received.try_acquire_for(kPatience)) << i;
  for (const auto& count : receipts) ASSERT_EQ(count, 1);
}

TEST_F(SimulatorConformanceTest, NoReceiptAfterStop) {
  std::atomic<bool> is_stopped = false;
  std::atomic<bool> came_late = false;
  std::counting_semaphore<> received(0);
  const auto provider =
      Make({.receipt_delay = absl::ZeroDuration()}, [&](const std::vector<Receipt>&) {
        came_late = came_late || is_stopped;
        received.release();
      });
  std::thread sender([&] {
    for (int i = 0; i < 200; ++i) {
      provider->Submit(Batch(i * 10, 10), [](const std::vector<SubmitOutcome>&) {});
    }
  });
  ASSERT_TRUE(received.try_acquire_for(kPatience));
  provider->Stop();
  is_stopped = true;
  sender.join();
  EXPECT_FALSE(came_late);
}

}  // namespace
}  // namespace campaigner::providers

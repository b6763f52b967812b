// Load on a gRPC server, and one number out: calls, messages or both per second.
//
//   bench_grpc_load --server 127.0.0.1:50051 --key K --campaign 1 --mode
//   unary|batch|stream|life|echo
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/synchronization/mutex.h"
#include "campaigner/v1/campaign_service.grpc.pb.h"
#include "campaigner/v1/message_service.grpc.pb.h"
#include "tests/bench/load.h"

ABSL_FLAG(std::string, server, "127.0.0.1:50051", "host:port");
ABSL_FLAG(std::string, key, "", "API key");
ABSL_FLAG(int64_t, campaign, 1, "campaign to send into");
ABSL_FLAG(std::string, mode, "unary", "unary, batch, stream, life or echo");
ABSL_FLAG(int64_t, messages, 100'000, "messages to send");
ABSL_FLAG(int, batch, 1000, "messages in a call, for batch and life");
ABSL_FLAG(int, in_flight, 64, "calls at a time");
ABSL_FLAG(double, per_second, 0,
          "calls per second, each at its own moment; 0: as fast as answered");
ABSL_FLAG(bool, external_ids, false, "give each message an external id, so that it owes a webhook");

namespace campaigner::bench {
namespace {

constexpr auto kCallDeadline = std::chrono::seconds(60);

v1::SendMessagesRequest MakeRequest(int64_t first, int64_t count) {
  v1::SendMessagesRequest request;
  request.set_campaign_id(absl::GetFlag(FLAGS_campaign));
  for (int64_t i = first; i < first + count; ++i) {
    v1::NewMessage& message = *request.add_messages();
    char recipient[16];
    std::snprintf(recipient, sizeof recipient, "7920%07lld",
                  static_cast<long long>(i % 10'000'000));
    message.set_recipient(recipient);
    message.set_text("Your order has been shipped and comes tomorrow.");
    if (absl::GetFlag(FLAGS_external_ids)) message.set_external_id(std::to_string(i));
  }
  return request;
}

std::unique_ptr<grpc::ClientContext> MakeContext() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->AddMetadata("x-api-key", absl::GetFlag(FLAGS_key));
  context->set_deadline(std::chrono::system_clock::now() + kCallDeadline);
  return context;
}

struct Call {
  std::unique_ptr<grpc::ClientContext> context = MakeContext();
  v1::SendMessagesRequest request;
  v1::SendMessagesResponse response;
  v1::GetMessageRequest echo_request;
  v1::Message echo_response;
};

LoadResult RunUnary(v1::MessageService::Stub& stub, int64_t batch) {
  const LoadPlan plan{.calls = absl::GetFlag(FLAGS_messages) / batch,
                      .in_flight = absl::GetFlag(FLAGS_in_flight),
                      .calls_per_second = absl::GetFlag(FLAGS_per_second)};
  return RunLoad(plan, [&](int64_t i, std::function<void(bool)> done) {
    auto call = std::make_shared<Call>();
    call->request = MakeRequest(i * batch, batch);
    stub.async()->SendMessages(call->context.get(), &call->request, &call->response,
                               [call, done](const grpc::Status& status) {
                                 if (!status.ok()) {
                                   std::fprintf(stderr, "%s\n", status.error_message().c_str());
                                 }
                                 done(status.ok());
                               });
  });
}

LoadResult RunEcho(v1::MessageService::Stub& stub) {
  const LoadPlan plan{.calls = absl::GetFlag(FLAGS_messages),
                      .in_flight = absl::GetFlag(FLAGS_in_flight),
                      .calls_per_second = absl::GetFlag(FLAGS_per_second)};
  return RunLoad(plan, [&](int64_t, std::function<void(bool)> done) {
    auto call = std::make_shared<Call>();
    stub.async()->GetMessage(call->context.get(), &call->echo_request, &call->echo_response,
                             [call, done](const grpc::Status& status) { done(status.ok()); });
  });
}

// One message a call on one stream, 64 calls a frame, frames written without waiting for answers.
LoadResult RunStream(v1::MessageService::Stub& stub) {
  constexpr int kCallsPerFrame = 64;
  const int64_t messages = absl::GetFlag(FLAGS_messages);
  auto context = MakeContext();
  auto stream = stub.StreamMessages(context.get());
  LoadResult result;
  const auto begin = std::chrono::steady_clock::now();
  std::thread reader([&] {
    v1::StreamMessagesResponse response;
    int64_t answers = 0;
    while (answers < messages && stream->Read(&response)) {
      answers += response.answers_size();
      for (const auto& answer : response.answers()) result.failed += answer.has_error();
    }
    result.failed += messages - answers;
  });
  for (int64_t i = 0; i < messages; i += kCallsPerFrame) {
    v1::StreamMessagesRequest frame;
    for (int64_t j = i; j < std::min(i + kCallsPerFrame, messages); ++j) {
      auto& call = *frame.add_calls();
      call.set_call_number(j);
      *call.mutable_request() = MakeRequest(j, 1);
    }
    if (!stream->Write(frame)) break;
  }
  stream->WritesDone();
  reader.join();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  stream->Finish();
  return result;
}

int64_t Pending(v1::CampaignService::Stub& stub) {
  auto context = MakeContext();
  v1::GetCampaignStatisticsRequest request;
  request.set_campaign_id(absl::GetFlag(FLAGS_campaign));
  v1::CampaignStatistics statistics;
  const grpc::Status status = stub.GetCampaignStatistics(context.get(), request, &statistics);
  return status.ok() ? statistics.pending_messages() : -1;
}

// Accepted to final, all of them.
LoadResult RunLife(const std::shared_ptr<grpc::Channel>& channel, v1::MessageService::Stub& stub) {
  v1::CampaignService::Stub campaigns(channel);
  const auto begin = std::chrono::steady_clock::now();
  LoadResult result = RunUnary(stub, absl::GetFlag(FLAGS_batch));
  int64_t pending = Pending(campaigns);
  while (pending > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    pending = Pending(campaigns);
  }
  // Nobody answers any more: what was pending counts as failed.
  if (pending < 0) ++result.failed;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

int Main() {
  const auto channel =
      grpc::CreateChannel(absl::GetFlag(FLAGS_server), grpc::InsecureChannelCredentials());
  v1::MessageService::Stub stub(channel);
  const std::string mode = absl::GetFlag(FLAGS_mode);
  LoadResult result;
  if (mode == "unary") {
    result = RunUnary(stub, 1);
  } else if (mode == "batch") {
    result = RunUnary(stub, absl::GetFlag(FLAGS_batch));
  } else if (mode == "stream") {
    result = RunStream(stub);
  } else if (mode == "life") {
    result = RunLife(channel, stub);
  } else if (mode == "echo") {
    result = RunEcho(stub);
  } else {
    std::fprintf(stderr, "unknown --mode %s\n", mode.c_str());
    return 2;
  }
  std::printf("{\"per_second\": %.0f, \"failed\": %lld, \"p50_ms\": %.2f, \"p99_ms\": %.2f}\n",
              static_cast<double>(absl::GetFlag(FLAGS_messages)) / result.seconds,
              static_cast<long long>(result.failed), result.Percentile(0.5),
              result.Percentile(0.99));
  return result.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace campaigner::bench

int main(int argc, char** argv) {
  // As the servers do.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  absl::ParseCommandLine(argc, argv);
  return campaigner::bench::Main();
}

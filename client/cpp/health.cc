#include "client/cpp/health.h"

#include <google/protobuf/empty.pb.h>
#include <google/protobuf/unknown_field_set.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/stub_options.h>

#include <future>

#include "client/cpp/status.h"

namespace campaigner::client {
namespace {

// HealthCheckResponse.status and its value SERVING, from grpc/health/v1/health.proto. Debian ships
// no stub of it; both messages are so small that unknown fields of an empty one say the same.
constexpr int kStatusField = 1;
constexpr uint64_t kServing = 1;

bool SaysServing(const google::protobuf::Empty& response) {
  const auto& fields = response.GetReflection()->GetUnknownFields(response);
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto& field = fields.field(i);
    if (field.number() == kStatusField &&
        field.type() == google::protobuf::UnknownField::TYPE_VARINT) {
      return field.varint() == kServing;
    }
  }
  return false;
}

}  // namespace

absl::Status AskHealth(const std::shared_ptr<grpc::Channel>& channel, absl::Time deadline) {
  using Empty = google::protobuf::Empty;
  grpc::TemplatedGenericStub<Empty, Empty> stub(channel);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  const Empty request;
  Empty response;
  std::promise<grpc::Status> answered;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                 [&answered](grpc::Status status) { answered.set_value(std::move(status)); });
  const grpc::Status status = answered.get_future().get();
  if (!status.ok()) return ToAbslStatus(status);
  if (!SaysServing(response)) return absl::UnavailableError("the server is not serving");
  return absl::OkStatus();
}

}  // namespace campaigner::client

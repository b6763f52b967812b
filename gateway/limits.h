#pragma once

#include <cstddef>

#include "absl/time/time.h"

// Every limit of the gateway: one constant, its unit, and why it is what it is.
namespace campaigner::gateway::limits {

// -- HTTP requests

// Bytes of a request line and its headers together: four times what a browser sends.
inline constexpr size_t kHeadBytesMax = 32 << 10;
// Bytes of a request's target: a long text in a query fits (cpp-httplib takes lines of 8,192
// bytes).
inline constexpr size_t kTargetBytesMax = 8'000;
// Header lines of a request: browsers behind two proxies send 30.
inline constexpr size_t kHeadersMax = 100;
// Bytes of a body: the O3GO contract.
inline constexpr size_t kBodyBytesMax = 16 << 20;
// Depth of nested JSON: protobuf's own parser stops at 100.
inline constexpr size_t kJsonDepthMax = 64;
// Parameters of a query or form.
inline constexpr size_t kParametersMax = 1'000;
// Elements that are named in one 422 answer: enough to act on.
inline constexpr size_t kFieldErrorsMax = 100;

// -- HTTP connections

// Connections, each with its own thread, so that an idle one keeps nobody waiting. When all are
// taken, the longest idle one makes room; when none is idle, the newcomer is answered 503. Kannel
// opens hundreds at once for its receipts; more would come near the usual 1,024 descriptors of a
// process.
inline constexpr size_t kConnectionsMax = 800;
// Connections that the kernel holds until they are accepted.
inline constexpr int kListenBacklog = 1024;
// Bytes of an answer gathered before they are sent: small answers leave in one piece.
inline constexpr size_t kWriteBufferBytes = 64 << 10;
// How long a connection may be silent between requests.
inline constexpr absl::Duration kIdleTimeout = absl::Seconds(60);
// From the first byte of a request to the end of its headers, and a TLS handshake.
inline constexpr absl::Duration kHeadTimeout = absl::Seconds(10);
// From the end of the headers to the end of the body: 16 MiB at 2 Mbit/s.
inline constexpr absl::Duration kBodyTimeout = absl::Seconds(64);
// For a reader to take one write buffer.
inline constexpr absl::Duration kWriteTimeout = absl::Seconds(30);
// What a refused client still sends is read for so long, so that the refusal reaches it.
inline constexpr absl::Duration kLingerTimeout = absl::Seconds(1);

// -- Backend

// A call to the server where the caller sets no deadline of its own.
inline constexpr absl::Duration kCallTimeout = absl::Seconds(10);
// When to come back while the server is away.
inline constexpr absl::Duration kRetryAfter = absl::Seconds(2);
// Bytes of one message of the server: 1,000 full messages fit.
inline constexpr int kGrpcMessageBytesMax = 64 << 20;
// Bytes of an error's metadata: more than a strange client reads, but this one is ours.
inline constexpr int kGrpcMetadataBytesMax = 64 << 10;

// -- Streams over HTTP

// Watchers at once: each has a thread for its life.
inline constexpr int kWatchersMax = 64;
// Calls of one messages:stream request under way at once.
inline constexpr int kStreamWindow = 64;

// -- Receipts

// Receipts in one ReportDelivery: the API's maximum.
inline constexpr size_t kReceiptsPerCallMax = 1'000;
// ReportDelivery calls under way at once: the next gathers receipts meanwhile.
inline constexpr int kReceiptCallsMax = 2;

}  // namespace campaigner::gateway::limits

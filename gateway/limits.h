#pragma once

#include <cstddef>

#include "absl/time/time.h"

// Every limit of the gateway: one constant, its unit, and why it is what it is.
namespace campaigner::gateway::limits {

// -- HTTP requests

// Bytes of a request line and its headers together: four times what a browser sends.
inline constexpr size_t kHeadBytesMax = 32 << 10;
// Bytes of a request's target: a long text in a query fits.
inline constexpr size_t kTargetBytesMax = 8'000;
// Header lines of a request: browsers behind two proxies send 30.
inline constexpr size_t kHeadersMax = 100;
// Bytes of a body: the O3GO contract.
inline constexpr size_t kBodyBytesMax = 16 << 20;
// Bytes of bodies not yet answered and of answers not yet taken, over all connections, but for
// small ones (kInlineBodyBytesMax, kWriteBufferBytes): 16 of the largest bodies at once.
inline constexpr size_t kKeptBytesMax = 256 << 20;
// Bytes of a body that is parsed on the event loop itself: half a millisecond. Larger ones are
// given to a thread, so that nobody waits for them, and count in kKeptBytesMax.
inline constexpr size_t kInlineBodyBytesMax = 32 << 10;
// Bytes of a body that its route takes as it comes: a file of 2 GiB, and the parts around it.
inline constexpr size_t kStreamedBodyBytesMax = (size_t{2} << 30) + (64 << 10);
// Bytes of a chunk's line and of the lines after the last chunk: nothing of them is used.
inline constexpr size_t kChunkLineBytesMax = 256;
inline constexpr size_t kTrailerBytesMax = 4 << 10;
// Bytes of the headers of one part of a form, and parts: browsers send 200 bytes, forms have one
// file.
inline constexpr size_t kPartHeadBytesMax = 8 << 10;
inline constexpr size_t kPartsMax = 100;
// Blanks behind a boundary, which RFC 2046 lets mail gateways add.
inline constexpr size_t kBoundaryBlanksMax = 64;
// Depth of nested JSON: protobuf's own parser stops at 100.
inline constexpr size_t kJsonDepthMax = 64;
// Members of one JSON object: their names are held while it is checked, before anybody knows who
// sends them. A message has 100 fields of the caller's naming.
inline constexpr size_t kJsonMembersMax = 10'000;
// Parameters of a query or form.
inline constexpr size_t kParametersMax = 1'000;
// Elements that are named in one 422 answer: enough to act on.
inline constexpr size_t kFieldErrorsMax = 100;

// -- HTTP connections

// Connections at once: some hundred bytes each while they are idle. At the limit the longest idle
// one makes room; when none is idle, the newcomer is answered 503.
inline constexpr size_t kConnectionsMax = 4'096;
// Descriptors beside those of connections: the gRPC channel, logs, epoll.
inline constexpr size_t kOtherDescriptors = 128;
// Connections that the kernel holds until they are accepted.
inline constexpr int kListenBacklog = 1024;
// Bytes of a connection's write buffer that are kept for its next answer.
inline constexpr size_t kWriteBufferBytes = 64 << 10;
// How long a connection may be silent between requests.
inline constexpr absl::Duration kIdleTimeout = absl::Seconds(60);
// From the first byte of a request to the end of its headers, and a TLS handshake.
inline constexpr absl::Duration kHeadTimeout = absl::Seconds(10);
// From the end of the headers to the end of the body: 16 MiB at 2 Mbit/s. Of a streamed body: for
// each kStreamProgressBytes, and for whoever takes it to go on or to answer.
inline constexpr absl::Duration kBodyTimeout = absl::Seconds(64);
// Bytes of a streamed body within each body timeout: 32 kbit/s. Who brings less is stalling.
inline constexpr size_t kStreamProgressBytes = 256 << 10;
// For a reader to take an answer, or kWriteProgressBytes of a longer one: 20 kbit/s is fast enough.
inline constexpr absl::Duration kWriteTimeout = absl::Seconds(30);
inline constexpr size_t kWriteProgressBytes = 64 << 10;
// What a refused client still sends is read for so long, so that the refusal reaches it.
inline constexpr absl::Duration kLingerTimeout = absl::Seconds(1);

// -- Backend

// A call to the server where the caller sets no deadline of its own.
inline constexpr absl::Duration kCallTimeout = absl::Seconds(10);
// The same for calls that read a whole file or campaign before they answer: the server gives an XLS
// file 30 s of processor time.
inline constexpr absl::Duration kSlowCallTimeout = absl::Seconds(60);
// When to come back while the server is away.
inline constexpr absl::Duration kRetryAfter = absl::Seconds(2);

// -- Streams over HTTP

// Watchers at once: each has a thread for its life.
inline constexpr int kWatchersMax = 64;
// Files that are downloaded at once: each has a thread for its life too, so that watchers and
// downloads leave each other room.
inline constexpr int kDownloadsMax = 32;
// Threads for watchers and downloads, for opening further ones, for large bodies and for health
// checks.
inline constexpr size_t kTaskThreadsMax = 2 * (kWatchersMax + kDownloadsMax);
// How long a download waits for the server's next piece.
inline constexpr absl::Duration kDownloadStallTimeout = absl::Seconds(60);

// -- Uploads

// Files that are uploaded at once: none has a thread, each its bytes in flight.
inline constexpr int kUploadsMax = 64;
// Bytes of one message to the server.
inline constexpr size_t kUploadChunkBytes = 256 << 10;
// Bytes of one upload that wait for the server; more are not read from the client.
inline constexpr size_t kUploadBytesInFlightMax = 1 << 20;

// -- Receipts

// Receipts in one ReportDelivery: the API's maximum.
inline constexpr size_t kReceiptsPerCallMax = 1'000;
// ReportDelivery calls under way at once: the next gathers receipts meanwhile.
inline constexpr int kReceiptCallsMax = 1;

}  // namespace campaigner::gateway::limits

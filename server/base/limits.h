#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

// Every limit of the server: one constant, its unit, and why it is what it is.
namespace campaigner::base::limits {

// -- Requests

// Messages in one send: the documented maximum of the O3GO interface, and of our batches.
inline constexpr size_t kMessagesPerSendMax = 10'000;
// Bytes of one gRPC request: 10,000 messages with long texts fit.
inline constexpr int kGrpcRequestBytesMax = 32 << 20;
// Bytes of one gRPC answer: the texts of a full send, echoed.
inline constexpr int kGrpcResponseBytesMax = 64 << 20;
// Bytes of texts in one send after rendering: they are echoed, and our clients take answers of
// 32 MiB. 10,000 messages of 800 Cyrillic letters each.
inline constexpr size_t kSendTextBytesMax = 16u << 20;
// Bytes of a request that is no send: the largest campaign is far below.
inline constexpr size_t kPlainRequestBytesMax = 1u << 20;
// Bytes of a call's metadata: keys and trace ids fit many times.
inline constexpr int kGrpcMetadataBytesMax = 16 << 10;
// Calls under way on one connection: what one busy gateway or client needs, and no more.
inline constexpr int kGrpcStreamsMax = 1024;
// When a silent peer is asked for a sign of life, how long it has to give it, and how often it may
// ask us.
inline constexpr absl::Duration kGrpcKeepalive = absl::Seconds(60);
inline constexpr absl::Duration kGrpcKeepaliveTimeout = absl::Seconds(20);
inline constexpr absl::Duration kGrpcPingIntervalMin = absl::Seconds(10);
// Threads for calls that wait for the disk, and calls waiting for one: more would only wait longer.
inline constexpr size_t kCallThreads = 8;
inline constexpr size_t kCallQueueMax = 1024;
// Threads for sends, which never wait, and sends waiting for one.
inline constexpr size_t kSendThreads = 2;
inline constexpr size_t kSendQueueMax = 4096;
// Calls in one frame of a stream; calls and messages of a stream that are not yet answered: past
// either, nothing more is read from it. One stream alone does not fill the store's queue.
inline constexpr int kStreamFrameCallsMax = 1000;
inline constexpr size_t kStreamCallsMax = 2048;
inline constexpr size_t kStreamMessagesMax = 20'000;
// Changes that a watcher may be behind; messages that it may name; watchers in all.
inline constexpr size_t kWatchQueueMax = 10'000;
inline constexpr int kWatchMessagesMax = 1000;
inline constexpr size_t kWatchersMax = 256;
// Reports in one call.
inline constexpr int kDeliveryReportsMax = 1000;
// Bytes of the message part of an error: gRPC's clients drop more than 8 KiB of metadata in all.
inline constexpr size_t kErrorMessageBytesMax = 1024;
// Bytes of the details of an error: see above.
inline constexpr size_t kErrorDetailBytesMax = 4096;
// Fields named in one error: enough to act on, and they fit.
inline constexpr size_t kFieldViolationsMax = 20;
// Rows of a page where the caller names none, and at most.
inline constexpr int kPageSizeDefault = 50;
inline constexpr int kPageSizeMax = 1000;
// Points of a time series where the caller names none (a day of minutes), and at most.
inline constexpr int kSeriesPointsDefault = 1440;
inline constexpr int kSeriesPointsMax = 10'000;
// Columns for fields in an export: more than any template has.
inline constexpr size_t kExportFieldsMax = 64;
// A repeat with the same request id answers the same for so long: the O3GO contract.
inline constexpr absl::Duration kIdempotencyWindow = absl::Hours(24);
// Bytes of a request id.
inline constexpr size_t kRequestIdBytesMax = 128;

// Addresses put on a stop-list, or taken off it, by one call.
inline constexpr size_t kStopListChangesMax = 10'000;

// -- Values

// Characters of names that people read.
inline constexpr size_t kDisplayNameCharsMax = 128;
// Characters of a text, also a rendered one, or template: 149 UCS-2 segments are more than any
// operator carries.
inline constexpr size_t kTextCharsMax = 10'000;
// Fields of a message, and characters of their names and values.
inline constexpr size_t kFieldsMax = 32;
inline constexpr size_t kFieldNameCharsMax = 64;
inline constexpr size_t kFieldValueCharsMax = 1'000;
// Characters of an id in the caller's system.
inline constexpr size_t kExternalIdCharsMax = 128;
// Characters of a sender ID: an e-mail address fits; SMS itself allows 11.
inline constexpr size_t kSenderCharsMax = 64;
// Bytes of a URL: what every HTTP server takes.
inline constexpr size_t kUrlBytesMax = 2048;
// Networks of a key, keys of a campaign.
inline constexpr size_t kClientNetworksMax = 64;
inline constexpr size_t kCampaignKeysMax = 64;
// Priority of a campaign.
inline constexpr int32_t kOrderMax = 1'000'000;
// Attempts at one message.
inline constexpr int32_t kAttemptsMax = 100;
inline constexpr int32_t kAttemptsDefault = 3;
// Durations of a campaign: a year is longer than anybody waits for an SMS.
inline constexpr absl::Duration kTimeoutMax = absl::Hours(24 * 366);
inline constexpr absl::Duration kSendingTimeoutDefault = absl::Hours(24);
inline constexpr absl::Duration kStatusTimeoutDefault = absl::Hours(72);
inline constexpr absl::Duration kRetryIntervalDefault = absl::Seconds(60);
// The longest pause between two attempts, however often it doubled.
inline constexpr absl::Duration kRetryIntervalMax = absl::Hours(6);
// Later than its start time by so much, a campaign starts late.
inline constexpr absl::Duration kLateStartAfterDefault = absl::Minutes(15);
// How far ahead a message may be scheduled.
inline constexpr absl::Duration kScheduleAheadMax = absl::Hours(24 * 366);
// Price of a segment: 10,000 of the currency; the sum over a campaign still fits 64 bits.
inline constexpr int64_t kPriceMicrosMax = 10'000'000'000;
// Bytes kept of what a provider or receiver said.
inline constexpr size_t kProviderDetailBytesMax = 256;

// -- Imports

// Characters of a separator: longer ones are mistakes.
inline constexpr size_t kImportSeparatorCharsMax = 16;
// Rows before the first recipient.
inline constexpr int32_t kImportSkipRowsMax = 1'000'000;
// Bytes of a row in UTF-8, without its separator: 32 fields at their longest, in Cyrillic, fit.
inline constexpr size_t kImportRowBytesMax = 64 << 10;
// Rows that one may span inside quotes: past it, the quote was never closed. Bounds what a stray
// quote costs.
inline constexpr int kImportQuotedLinesMax = 100;
// Columns of a row: as many as XLS has.
inline constexpr int32_t kImportColumnsMax = 256;
// Bytes of a file that are read at once.
inline constexpr size_t kImportChunkBytes = 256 << 10;
// Bytes from the start of a file by which encoding and separators are found out; bytes that are
// looked through for the first that is not ASCII.
inline constexpr size_t kImportSampleBytes = 64 << 10;
inline constexpr int64_t kImportEncodingSearchBytesMax = 64 << 20;
// Bytes of a file that are passed over at once (empty rows, the rest of a row that is too long):
// some ten milliseconds, then others get their turn. A preview, and the search for a header, take
// so many turns.
inline constexpr int64_t kImportPassedOverBytesMax = 8 << 20;
inline constexpr int kImportPassedOverTurnsMax = 16;
// Bytes shown of a cell of a damaged row.
inline constexpr size_t kImportDamagedCellBytesMax = 256;
// Bytes of an XLS file: it is read in memory as a whole. 65,536 rows of ordinary width are 20 MB.
inline constexpr int64_t kImportXlsBytesMax = 64 << 20;
// What the process that reads it may use: bytes of memory (the largest sheet takes a quarter), of
// text, and seconds of a processor.
inline constexpr int64_t kImportXlsMemoryBytesMax = int64_t{1} << 30;
inline constexpr int64_t kImportXlsTextBytesMax = 256 << 20;
inline constexpr int64_t kImportXlsSecondsMax = 30;
// Such processes at once: two processors, and two gigabytes.
inline constexpr int kImportXlsAtOnce = 2;

// -- Storage

// Requests waiting for the writer: at 10,000 commits/s a tenth of a second; more would only wait
// longer.
inline constexpr size_t kWriteQueueMax = 4096;
// Bytes that requests waiting for the writer may hold: bounds memory when batches are large.
inline constexpr size_t kWriteQueueBytesMax = 48u << 20;
// Rows that one group commits: bounds the latency of a commit to some tens of milliseconds.
inline constexpr size_t kGroupRowsMax = 4096;
// Rows touched by one step of rescue, expiry, cancel or pruning, so that no step holds up others.
inline constexpr int kMaintenanceRowsMax = 1000;

// -- Long work: imports, retries, erasures

// Bytes of an uploaded file: forty million rows of one number.
inline constexpr int64_t kUploadBytesMax = int64_t{2} << 30;
// Bytes and files of all uploads: four of the largest, and no folder that is slow to list.
inline constexpr int64_t kUploadsBytesMax = int64_t{8} << 30;
inline constexpr int64_t kUploadsMax = 10'000;
// Uploads that arrive at once: each holds a chunk in memory.
inline constexpr int kUploadsArrivingMax = 64;
// Of each of these, an account's share: nobody fills them for all others.
inline constexpr int64_t kUploadsBytesOfAccountMax = kUploadsBytesMax / 2;
inline constexpr int64_t kUploadsOfAccountMax = kUploadsMax / 4;
inline constexpr int kUploadsArrivingOfAccountMax = kUploadsArrivingMax / 4;
// An upload that sends nothing for so long is given up.
inline constexpr absl::Duration kUploadStallMax = absl::Minutes(1);
// Bytes of one piece of a file that is streamed, in and out.
inline constexpr size_t kFileChunkBytesMax = 4u << 20;
inline constexpr size_t kFileChunkBytes = 64u << 10;
// Bytes of a file's name: what file systems take.
inline constexpr size_t kFileNameBytesMax = 255;
// An upload is deleted so long after its last use.
inline constexpr absl::Duration kUploadKept = absl::Hours(24);
// Bytes of text that is pasted instead of a file.
inline constexpr size_t kPastedTextBytesMax = 1'000'000;
// Rows of a preview where the caller names no number, and at most.
inline constexpr int kPreviewRowsDefault = 20;
inline constexpr int kPreviewRowsMax = 200;
// Rows of one step of an import: the commit takes some ten milliseconds.
inline constexpr size_t kImportStepRows = 2000;
// Bytes of their cells: rows of the greatest size would otherwise fill the memory.
inline constexpr size_t kImportStepBytes = 1u << 20;
// Steps of an import on their way to the disk, so that reading and writing overlap.
inline constexpr size_t kImportStepsAhead = 3;
// An import pauses while so many writes of others wait: they go first.
inline constexpr size_t kImportWriteQueueMax = 256;
// Rejected rows that are kept of an import, further ones are only counted; and bytes of the value
// kept of each.
inline constexpr int64_t kRejectedRowsMax = 1'000'000;
inline constexpr size_t kRejectedValueBytesMax = 256;
// Operations that are worked on at once; further ones wait. An import holds some megabytes, and
// what it knows of its campaign's recipients: of ten million numbers 30 MB, of as many e-mail
// addresses 230 MB.
inline constexpr int kOperationsAtOnce = 16;
// Of one account.
inline constexpr int kOperationsOfAccountAtOnce = 4;
// An operation that met nothing but passing errors for so long is FAILED; the pause between two
// tries grows up to the latter.
inline constexpr absl::Duration kOperationPatience = absl::Hours(1);
inline constexpr absl::Duration kOperationPauseMax = absl::Minutes(1);
// Watchers of operations.
inline constexpr size_t kOperationWatchersMax = 256;

// -- Dispatch

// Messages claimed at once: one read, one commit, one outcome commit for all of them.
inline constexpr int kClaimMax = 1000;
// How long a claim holds without renewal; a crashed server's claims come back after it.
inline constexpr absl::Duration kClaimLease = absl::Seconds(60);

// -- Outbound HTTP

// Bytes of an answer that are read at all.
inline constexpr size_t kResponseBodyBytesMax = 64 << 10;
inline constexpr size_t kResponseHeaderBytesMax = 16 << 10;

// -- Webhooks

// Deliveries replayed by one call.
inline constexpr int kReplayMax = 10'000;

}  // namespace campaigner::base::limits

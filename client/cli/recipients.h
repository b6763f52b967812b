#pragma once

#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "campaigner/v1/message_service.pb.h"

namespace campaigner::cli {

enum class RecipientFormat { kAuto, kNdjson, kCsv };

// Messages from lines of text, one a line, in constant memory. Empty lines are passed over.
//
// NDJSON: campaigner.v1.NewMessage in protobuf's JSON ({"recipient": "79201234567", "fields":
// {"field_1": "Ivan"}}). CSV (RFC 4180, no line breaks in cells): "recipient,text", or whatever a
// first line names that begins with the cell "recipient": text, external_id; other names are fields
// of the template. kAuto: NDJSON if the first line begins with "{".
class RecipientReader {
 public:
  RecipientReader(std::istream& in, RecipientFormat format) : in_(in), format_(format) {}

  // The next message; nullopt at the end. INVALID_ARGUMENT names the line.
  absl::StatusOr<std::optional<v1::NewMessage>> Next();
  // Of the last message; 1 is the first line.
  int64_t line() const { return line_; }

 private:
  absl::StatusOr<v1::NewMessage> ParseJson(const std::string& line) const;
  absl::StatusOr<v1::NewMessage> ParseRow(const std::vector<std::string>& row) const;
  absl::Status Wrong(std::string_view what) const;

  std::istream& in_;
  RecipientFormat format_;
  int64_t line_ = 0;
  std::vector<std::string> columns_ = {"recipient", "text"};
  bool is_first_ = true;
};

// The cells of a CSV line. INVALID_ARGUMENT: a quote that is not closed or has text behind it.
absl::StatusOr<std::vector<std::string>> SplitCsv(std::string_view line);

}  // namespace campaigner::cli

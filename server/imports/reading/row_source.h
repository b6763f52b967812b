#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/imports/reading/format.h"

namespace campaigner::imports {

class XlsConversion;

// A row as it stands in the file. What it refers to is valid until its source's next call.
struct RawRow {
  // In the file, counted from 1; empty and skipped rows count.
  int64_t number = 0;
  // Valid UTF-8 without NUL, whatever the file holds. Of a damaged row, what can be shown of it:
  // the text's beginning, with U+FFFD for what could not be read.
  std::vector<std::string_view> cells;
  // What is wrong with the row as a whole, to follow "the row": "has an unclosed quote". Empty:
  // nothing.
  std::string_view problem;
};

// Where a source stands: behind its last row. Plain numbers, to be stored.
struct Position {
  // Bytes before the next row: of the file, or of the text that an XLS file became.
  int64_t offset = 0;
  // Number of the last row; 0: none was read.
  int64_t row = 0;

  friend bool operator==(const Position&, const Position&) = default;
};

// The rows of one file, from its first recipient on: what skip_rows and the header take is passed
// over, and so are rows in which no cell has anything but white space. For one thread at a time.
class RowSource {
 public:
  virtual ~RowSource() = default;

  // False where there is none: at the end (has_ended), or because so much of the file was passed
  // over, limits::kImportPassedOverBytesMax since the last false, that others should get their
  // turn: then call again. `row` then holds nothing of use. An error ends the source: UNAVAILABLE
  // where the file cannot be read, DATA_LOSS where it became shorter. A damaged row is no error:
  // see RawRow::problem. Allocates nothing for rows that are not damaged, once the row's vector has
  // grown.
  virtual absl::StatusOr<bool> Next(RawRow& row) = 0;
  virtual bool has_ended() const = 0;

  // From here a source of the same file and format goes on behind the last row that Next returned,
  // and what it passed over since.
  virtual Position position() const = 0;

  // Progress: of the bytes that Position counts.
  virtual int64_t bytes_read() const = 0;
  virtual int64_t bytes_total() const = 0;

  // "CSV" or "XLS".
  virtual const char* file_kind() const = 0;
};

// The rows of a file: XLS or text, by its content. `format` is valid (see ValidateFormat); what is
// found out (encoding, column separator, fields from a header) is filled in, so that the next time
// nothing has to be found out. With `resume`, goes on from there. An XLS file is converted first,
// which may take seconds; only so many are at once.
//
// INVALID_ARGUMENT with a reason that fits behind the file's name: "is not a text file", "is an
// XLSX file, which is not read: save it as CSV or XLS", "has no sheet 3, only 2". NOT_FOUND where
// there is no such file, UNAVAILABLE where it cannot be read, or too many are being converted.
absl::StatusOr<std::unique_ptr<RowSource>> OpenRowSource(
    const std::string& path, Format& format, const std::optional<Position>& resume = std::nullopt);

// The same, without waiting for the conversion. For one thread at a time; dropping it ends the
// conversion.
class RowOpening {
 public:
  explicit RowOpening(std::string path, const std::optional<Position>& resume = std::nullopt);
  ~RowOpening();

  // Null: the file is being converted, call again in a moment. After a source or an error, no more.
  absl::StatusOr<std::unique_ptr<RowSource>> Poll(Format& format);
  // Never null: waits.
  absl::StatusOr<std::unique_ptr<RowSource>> Wait(Format& format);

 private:
  absl::StatusOr<std::unique_ptr<RowSource>> Open(Format& format, bool waits);

  const std::string path_;
  const std::optional<Position> resume_;
  std::unique_ptr<XlsConversion> conversion_;
};

// The same for pasted text, in UTF-8 whatever the format says.
absl::StatusOr<std::unique_ptr<RowSource>> OpenPastedRows(
    std::string text, Format& format, const std::optional<Position>& resume = std::nullopt);

}  // namespace campaigner::imports

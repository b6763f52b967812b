#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/imports/reading/row_source.h"

namespace campaigner::imports {

// The rows of a sheet of an XLS file, by FreeXL. The whole file is in memory. Whole numbers come
// without exponent and ".0", dates as "2026-11-22", dates with times as "2026-11-22 10:30:00".
class XlsRowSource : public RowSource {
 public:
  // Errors as OpenRowSource's.
  static absl::StatusOr<std::unique_ptr<XlsRowSource>> Open(const std::string& path,
                                                            int64_t file_bytes,
                                                            const Format& format);
  ~XlsRowSource() override;
  XlsRowSource(const XlsRowSource&) = delete;
  XlsRowSource& operator=(const XlsRowSource&) = delete;

  absl::StatusOr<bool> Next(RawRow& row) override;
  Position position() const override { return {0, row_}; }
  int64_t bytes_read() const override;
  int64_t bytes_total() const override { return file_bytes_; }
  const char* file_kind() const override { return "XLS"; }

  // Goes on at `position`, one of a source of the same file and format.
  void Seek(const Position& position) { row_ = position.row; }

 private:
  // Takes over `handle`.
  XlsRowSource(const void* handle, int64_t file_bytes, int32_t skip_rows)
      : handle_(handle), file_bytes_(file_bytes), skip_rows_(skip_rows) {}

  absl::Status SelectSheet(int32_t sheet);
  // Fills cells_ from row row_ (from 1 on). False: it is empty.
  bool TakeCells();

  const void* const handle_;
  const int64_t file_bytes_;
  const int32_t skip_rows_;
  uint32_t row_count_ = 0;
  uint16_t column_count_ = 0;
  int64_t row_ = 0;
  std::vector<std::string> cells_;
};

}  // namespace campaigner::imports

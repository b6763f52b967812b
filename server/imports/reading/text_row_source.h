#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/imports/reading/byte_source.h"
#include "server/imports/reading/decoder.h"
#include "server/imports/reading/row_source.h"
#include "server/imports/reading/row_splitter.h"

namespace campaigner::imports {

// How much is read at once and kept; tests use small ones.
struct TextSizes {
  size_t chunk_bytes = base::limits::kImportChunkBytes;  // At least 4.
  size_t row_bytes_max = base::limits::kImportRowBytesMax;
  int64_t passed_over_bytes_max = base::limits::kImportPassedOverBytesMax;
};

// Rows of separated text, streamed: memory is a chunk and a row, whatever the file.
class TextRowSource : public RowSource {
 public:
  // `format` with encoding and column separator found out. `text_begin`: bytes of the byte order
  // mark.
  TextRowSource(std::unique_ptr<ByteSource> bytes, const Format& format, bool is_big_endian,
                int64_t text_begin, const TextSizes& sizes = {});

  // The text is a sheet's, see XlsConversion.
  static std::unique_ptr<TextRowSource> OfXls(std::unique_ptr<ByteSource> text,
                                              const Format& format);

  absl::StatusOr<bool> Next(RawRow& row) override;
  bool has_ended() const override { return has_ended_; }
  Position position() const override { return position_; }
  int64_t bytes_read() const override { return offset_; }
  int64_t bytes_total() const override { return bytes_->size(); }
  const char* file_kind() const override { return is_xls_ ? "XLS" : "CSV"; }

  // Goes on at `position`, one of a source of the same file and format.
  void Seek(const Position& position);

 private:
  // Makes window() hold what the splitter has to see.
  absl::Status Fill();
  absl::Status ReadChunk();
  // Takes the row at the start of the window; true where it is one for the caller.
  bool TakeRow(RawRow& row);
  // Passes over the rest of a row that was too long; false: there is more of it.
  absl::StatusOr<bool> SkipRow();
  bool HasPassedOverEnough() const { return passed_over_ >= passed_over_max_; }

  std::string_view window() const { return {buffer_.get() + begin_, end_ - begin_}; }
  bool at_end() const { return read_offset_ >= bytes_->size(); }

  // Fills in cells and problem from the row at the start of the window. False: it is empty.
  bool TakeCells(const RowSplitter::Row& split, RawRow& row);
  // Makes the row's cells what can be shown of `cells`.
  void Show(const std::vector<std::string_view>& cells, RawRow& row);

  const std::unique_ptr<ByteSource> bytes_;
  const Decoder decoder_;
  const int32_t skip_rows_;
  const std::string encoding_problem_;
  RowSplitter splitter_;
  const size_t chunk_bytes_;
  const size_t buffer_size_;
  const int64_t passed_over_max_;

  // Text that is decoded and not yet consumed is [begin_, end_).
  const std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  // Where encoded text is read to.
  std::string raw_;
  int64_t read_offset_;  // In the file, of the next chunk.
  int64_t offset_;       // In the file, of begin_.
  int64_t row_ = 0;
  // Behind the last row that was consumed as a whole.
  Position position_;
  // Bytes of the file without a row for the caller, since Next last said so.
  int64_t passed_over_ = 0;
  bool has_ended_ = false;
  bool is_xls_ = false;
  // The row at begin_ is the rest of one that was too long; the caller waits for it or not, with
  // this problem.
  bool is_cut_ = false;
  bool is_cut_wanted_ = false;
  std::string_view cut_problem_;
  // Of the last row, where it was damaged.
  std::vector<std::string> shown_;
};

}  // namespace campaigner::imports

#include "server/imports/reading/text_row_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "server/base/status_macros.h"
#include "server/base/text.h"
#include "server/imports/reading/xls_text.h"

namespace campaigner::imports {
namespace {

bool IsBlank(std::string_view cell) {
  return cell.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

TextRowSource::TextRowSource(std::unique_ptr<ByteSource> bytes, const Format& format,
                             bool is_big_endian, int64_t text_begin, const TextSizes& sizes)
    : bytes_(std::move(bytes)),
      decoder_(format.encoding, is_big_endian),
      skip_rows_(format.skip_rows),
      encoding_problem_(fmt::format("is not valid {}", EncodingName(format.encoding))),
      splitter_(format, sizes.row_bytes_max),
      chunk_bytes_(sizes.chunk_bytes),
      buffer_size_(splitter_.window_min() + chunk_bytes_ * Decoder::kGrowth),
      passed_over_max_(sizes.passed_over_bytes_max),
      buffer_(std::make_unique<char[]>(buffer_size_)),
      read_offset_(text_begin),
      offset_(text_begin),
      position_{.offset = text_begin, .row = 0} {
  if (!decoder_.is_plain()) raw_.resize(chunk_bytes_);
}

std::unique_ptr<TextRowSource> TextRowSource::OfXls(std::unique_ptr<ByteSource> text,
                                                    const Format& format) {
  Format of_text = format;
  of_text.encoding = Encoding::kUtf8;
  of_text.row_separator = kXlsRowSeparator;
  of_text.column_separator = kXlsColumnSeparator;
  of_text.quote.reset();
  auto source = std::make_unique<TextRowSource>(std::move(text), of_text, false, 0);
  source->is_xls_ = true;
  return source;
}

void TextRowSource::Seek(const Position& position) {
  begin_ = end_ = 0;
  read_offset_ = offset_ = position.offset;
  row_ = position.row;
  position_ = position;
  passed_over_ = 0;
  is_cut_ = has_ended_ = false;
}

absl::StatusOr<bool> TextRowSource::Next(RawRow& row) {
  while (!HasPassedOverEnough()) {
    bool is_wanted = false;
    if (is_cut_) {
      ASSIGN_OR_RETURN(const bool is_over, SkipRow());
      if (!is_over) break;
      is_cut_ = false;
      is_wanted = is_cut_wanted_;
      // What was shown of it when it was cut: `row` may be another by now.
      row.number = row_;
      row.problem = cut_problem_;
      row.cells.assign(shown_.begin(), shown_.end());
    } else {
      RETURN_IF_ERROR(Fill());
      has_ended_ = begin_ == end_;
      if (has_ended_) return false;
      is_wanted = TakeRow(row);
      if (is_cut_) continue;
    }
    position_ = {offset_, row_};
    if (is_wanted) return true;
  }
  passed_over_ = 0;
  return false;
}

bool TextRowSource::TakeRow(RawRow& row) {
  const RowSplitter::Row split = splitter_.Split(window(), at_end());
  row.number = ++row_;
  // Before the cells lose their doubled quotes.
  const int64_t file_bytes = decoder_.BytesInFile(window().substr(0, split.full_size));
  const bool is_wanted = row_ > skip_rows_ && TakeCells(split, row);
  begin_ += split.full_size;
  offset_ = std::min(offset_ + file_bytes, bytes_->size());
  if (!is_wanted) passed_over_ += file_bytes;
  is_cut_ = split.is_cut;
  is_cut_wanted_ = is_wanted;
  cut_problem_ = split.problem;
  return is_wanted;
}

bool TextRowSource::TakeCells(const RowSplitter::Row& split, RawRow& row) {
  row.cells.clear();
  row.problem = split.problem;
  char* const text = buffer_.get() + begin_;
  const std::string_view whole(text, split.text_size);
  if (split.is_cut) {
    Show({whole}, row);
    return true;
  }
  // Before undoubling leaves pieces of characters behind.
  const bool has_nul = std::memchr(text, 0, whole.size()) != nullptr;
  const bool is_damaged = has_nul || !base::IsValidUtf8(whole);
  bool is_blank = true;
  for (RowSplitter::Cell cell : splitter_.cells()) {
    splitter_.Undouble(text, cell);
    row.cells.emplace_back(text + cell.begin, cell.end - cell.begin);
    is_blank = is_blank && IsBlank(row.cells.back());
  }
  if (is_damaged) {
    row.problem = has_nul ? "holds a NUL character" : std::string_view(encoding_problem_);
    Show(std::vector(row.cells), row);
  }
  return !is_blank || !row.problem.empty();
}

void TextRowSource::Show(const std::vector<std::string_view>& cells, RawRow& row) {
  shown_.clear();
  for (const std::string_view cell : cells) {
    shown_.push_back(base::Printable(cell, base::limits::kImportDamagedCellBytesMax));
  }
  row.cells.assign(shown_.begin(), shown_.end());
}

absl::Status TextRowSource::Fill() {
  while (end_ - begin_ < splitter_.window_min() && !at_end()) RETURN_IF_ERROR(ReadChunk());
  return absl::OkStatus();
}

absl::Status TextRowSource::ReadChunk() {
  std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  char* const out = buffer_.get() + end_;
  if (decoder_.is_plain()) {
    ASSIGN_OR_RETURN(const size_t size, bytes_->Read(read_offset_, out, chunk_bytes_));
    end_ += size;
    read_offset_ += static_cast<int64_t>(size);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const size_t size, bytes_->Read(read_offset_, raw_.data(), chunk_bytes_));
  const bool is_last = read_offset_ + static_cast<int64_t>(size) >= bytes_->size();
  const Decoder::Decoded decoded =
      decoder_.Decode(std::string_view(raw_).substr(0, size), is_last, out);
  end_ += decoded.bytes_out;
  read_offset_ += static_cast<int64_t>(decoded.bytes_in);
  return absl::OkStatus();
}

absl::StatusOr<bool> TextRowSource::SkipRow() {
  while (!HasPassedOverEnough()) {
    size_t keep = 0;
    const size_t row_end = splitter_.FindRowEnd(window(), at_end(), keep);
    const bool is_found = row_end != std::string_view::npos;
    const size_t size = is_found ? row_end : end_ - begin_ - (at_end() ? 0 : keep);
    const int64_t file_bytes = decoder_.BytesInFile(window().substr(0, size));
    offset_ = std::min(offset_ + file_bytes, bytes_->size());
    passed_over_ += file_bytes;
    begin_ += size;
    if (is_found || at_end()) return true;
    RETURN_IF_ERROR(ReadChunk());
  }
  return false;
}

}  // namespace campaigner::imports

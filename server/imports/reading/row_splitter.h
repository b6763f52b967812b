#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/limits.h"
#include "server/imports/reading/format.h"

namespace campaigner::imports {

// Rows and cells of text, by RFC 4180 with any separators: a value that begins with the quote ends
// with the next one that is not doubled, and holds separators of both kinds.
//
// A quote that is never closed, or closed in the middle of a value, must not take the rows behind
// it along: such a row is split again with quotes as plain text, so that it ends at its first row
// separator, and is a damaged one. "Never" is past row_bytes_max, kImportQuotedLinesMax row
// separators or the end of the file.
//
// For one thread at a time.
class RowSplitter {
 public:
  // `format` with a column separator. A row longer than `row_bytes_max` is refused.
  explicit RowSplitter(const Format& format,
                       size_t row_bytes_max = base::limits::kImportRowBytesMax);

  // Text that Split has to see at once, unless it is the end.
  size_t window_min() const { return row_bytes_max_ + lookahead_; }

  struct Row {
    // Bytes of its text, and with the separator behind it.
    size_t text_size = 0;
    size_t full_size = 0;
    // What is wrong with it, see RawRow. Empty: nothing.
    std::string_view problem;
    // Its separator was not found within row_bytes_max: skip the rest of it with FindRowEnd.
    bool is_cut = false;
  };
  // The row at the start of `window`, which holds window_min() bytes at least or, with `is_end`,
  // all there is. Its cells are in cells() until the next call; of more than
  // limits::kImportColumnsMax only the first.
  Row Split(std::string_view window, bool is_end);

  // A cell's text without its quotes. `is_doubled`: it holds doubled quotes.
  struct Cell {
    size_t begin = 0;
    size_t end = 0;
    bool is_doubled = false;
  };
  const std::vector<Cell>& cells() const { return cells_; }
  // Undoubles the quotes of `cell` in place.
  void Undouble(char* window, Cell& cell) const;

  // Where the first row separator ends; npos if `window` has none. `keep`: so many bytes at its end
  // may be the start of one.
  size_t FindRowEnd(std::string_view window, bool is_end, size_t& keep) const;

 private:
  enum class End : uint8_t { kCell, kRow, kText, kTooLong, kBadQuote };
  struct Stop {
    End end = End::kCell;
    size_t separator_size = 0;
  };

  Row SplitAs(std::string_view window, bool is_end, bool has_quotes);
  // Both move `at` from the start of a cell to its end and append it.
  Stop TakeQuoted(std::string_view window, bool is_end, size_t& at);
  Stop TakePlain(std::string_view window, size_t& at);
  // What separator stands at `at`, if any.
  Stop SeparatorAt(std::string_view window, size_t at) const;
  size_t RowSeparatorSize(std::string_view window, size_t at) const;
  void Append(size_t begin, size_t end, bool is_doubled);

  const std::string row_separator_;
  const std::string column_separator_;
  const std::optional<char> quote_;
  const size_t row_bytes_max_;
  const size_t lookahead_;
  // Bytes that may begin a separator.
  std::array<bool, 256> is_stop_ = {};
  std::vector<Cell> cells_;
  // Of the row so far.
  size_t column_count_ = 0;
  int quoted_lines_ = 0;
  std::string_view quote_problem_;
};

}  // namespace campaigner::imports

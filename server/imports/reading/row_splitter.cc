#include "server/imports/reading/row_splitter.h"

#include <algorithm>
#include <cstring>

namespace campaigner::imports {
namespace {

namespace limits = base::limits;

// Of any kind of line end, at least.
constexpr size_t kLookaheadMin = 2;

bool StartsWithAt(std::string_view text, size_t at, std::string_view what) {
  return text.size() - at >= what.size() &&
         std::memcmp(text.data() + at, what.data(), what.size()) == 0;
}

}  // namespace

RowSplitter::RowSplitter(const Format& format, size_t row_bytes_max)
    : row_separator_(format.row_separator),
      column_separator_(format.column_separator),
      quote_(format.quote),
      row_bytes_max_(row_bytes_max),
      lookahead_(std::max({kLookaheadMin, row_separator_.size(), column_separator_.size()})) {
  const auto stop_at = [&](char c) { is_stop_[static_cast<uint8_t>(c)] = true; };
  stop_at(column_separator_[0]);
  if (row_separator_.empty()) {
    stop_at('\n');
    stop_at('\r');
  } else {
    stop_at(row_separator_[0]);
  }
  cells_.reserve(limits::kImportColumnsMax);
}

RowSplitter::Row RowSplitter::Split(std::string_view window, bool is_end) {
  quote_problem_ = {};
  Row row = SplitAs(window, is_end, quote_.has_value());
  if (!quote_problem_.empty()) {
    row = SplitAs(window, is_end, false);
    if (!row.is_cut) row.problem = quote_problem_;
  }
  return row;
}

RowSplitter::Row RowSplitter::SplitAs(std::string_view window, bool is_end, bool has_quotes) {
  cells_.clear();
  column_count_ = 0;
  quoted_lines_ = 0;
  // A separator behind the longest row is seen, text is not.
  const bool is_all = is_end && window.size() <= row_bytes_max_;
  window = window.substr(0, row_bytes_max_ + lookahead_);
  size_t at = 0;
  while (true) {
    const bool is_quoted = has_quotes && at < window.size() && window[at] == *quote_;
    Stop stop = is_quoted ? TakeQuoted(window, is_all, at) : TakePlain(window, at);
    if (stop.end == End::kBadQuote) return {};
    if (at > row_bytes_max_ || (stop.end == End::kText && !is_all)) stop.end = End::kTooLong;
    if (stop.end == End::kTooLong) {
      if (is_quoted) {
        quote_problem_ = "has an unclosed quote";
        return {};
      }
      return {.text_size = row_bytes_max_,
              .full_size = row_bytes_max_,
              .problem = "is longer than 64 KiB",
              .is_cut = true};
    }
    if (stop.end == End::kCell) {
      at += stop.separator_size;
      continue;
    }
    Row row;
    row.text_size = at;
    row.full_size = at + stop.separator_size;
    if (column_count_ > limits::kImportColumnsMax) row.problem = "has more than 256 columns";
    return row;
  }
}

RowSplitter::Stop RowSplitter::TakeQuoted(std::string_view window, bool is_end, size_t& at) {
  const size_t begin = at + 1;
  bool is_doubled = false;
  for (at = begin; at < window.size(); ++at) {
    if (window[at] == *quote_) {
      if (at + 1 >= window.size() || window[at + 1] != *quote_) break;
      is_doubled = true;
      ++at;
    } else if (is_stop_[static_cast<uint8_t>(window[at])]) {
      const size_t separator = RowSeparatorSize(window, at);
      if (separator == 0) continue;
      at += separator - 1;
      if (++quoted_lines_ > limits::kImportQuotedLinesMax) at = window.size();
    }
  }
  if (at >= window.size()) {
    quote_problem_ = "has an unclosed quote";
    return {.end = End::kBadQuote};
  }
  Append(begin, at, is_doubled);
  ++at;
  if (at == window.size()) return {.end = is_end ? End::kText : End::kTooLong};
  const Stop stop = SeparatorAt(window, at);
  if (stop.separator_size == 0) {
    quote_problem_ = "has text behind a closing quote";
    return {.end = End::kBadQuote};
  }
  return stop;
}

RowSplitter::Stop RowSplitter::TakePlain(std::string_view window, size_t& at) {
  const size_t begin = at;
  Stop stop;
  while (true) {
    while (at < window.size() && !is_stop_[static_cast<uint8_t>(window[at])]) ++at;
    if (at == window.size()) {
      stop.end = End::kText;
      break;
    }
    stop = SeparatorAt(window, at);
    if (stop.separator_size > 0) break;
    ++at;
  }
  Append(begin, at, false);
  return stop;
}

RowSplitter::Stop RowSplitter::SeparatorAt(std::string_view window, size_t at) const {
  const size_t row = RowSeparatorSize(window, at);
  const bool is_column = StartsWithAt(window, at, column_separator_);
  // One may be the start of the other: the longer is meant.
  if (row > 0 && !(is_column && column_separator_.size() > row)) return {End::kRow, row};
  return {End::kCell, is_column ? column_separator_.size() : 0};
}

size_t RowSplitter::RowSeparatorSize(std::string_view window, size_t at) const {
  if (!row_separator_.empty()) {
    return StartsWithAt(window, at, row_separator_) ? row_separator_.size() : 0;
  }
  if (window[at] == '\n') return 1;
  if (window[at] != '\r') return 0;
  return at + 1 < window.size() && window[at + 1] == '\n' ? 2 : 1;
}

void RowSplitter::Append(size_t begin, size_t end, bool is_doubled) {
  if (++column_count_ <= limits::kImportColumnsMax) cells_.push_back({begin, end, is_doubled});
}

void RowSplitter::Undouble(char* window, Cell& cell) const {
  if (!cell.is_doubled) return;
  size_t out = cell.begin;
  for (size_t in = cell.begin; in < cell.end; ++in) {
    window[out++] = window[in];
    if (window[in] == *quote_) ++in;
  }
  cell.end = out;
  cell.is_doubled = false;
}

size_t RowSplitter::FindRowEnd(std::string_view window, bool is_end, size_t& keep) const {
  keep = 0;
  if (row_separator_.empty()) {
    size_t at = 0;
    while (at < window.size() && window[at] != '\n' && window[at] != '\r') ++at;
    if (at == window.size()) return std::string_view::npos;
    // Whether a "\n" follows has to be seen.
    if (window[at] == '\r' && at + 1 == window.size() && !is_end) {
      keep = 1;
      return std::string_view::npos;
    }
    return at + RowSeparatorSize(window, at);
  }
  const size_t at = window.find(row_separator_);
  if (at != std::string_view::npos) return at + row_separator_.size();
  keep = std::min(window.size(), row_separator_.size() - 1);
  return at;
}

}  // namespace campaigner::imports

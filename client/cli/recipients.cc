#include "client/cli/recipients.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "server/base/status_macros.h"
#include "server/base/text.h"

namespace campaigner::cli {
namespace {

// Of UTF-8; what spreadsheets begin their files with.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitCsv(std::string_view line) {
  std::vector<std::string> cells;
  size_t at = 0;
  while (true) {
    std::string cell;
    if (at < line.size() && line[at] == '"') {
      for (++at;; ++at) {
        if (at >= line.size()) return absl::InvalidArgumentError("a quote is not closed");
        if (line[at] != '"') {
          cell += line[at];
        } else if (at + 1 < line.size() && line[at + 1] == '"') {
          cell += line[at++];
        } else {
          break;
        }
      }
      ++at;
      if (at < line.size() && line[at] != ',') {
        return absl::InvalidArgumentError("a closing quote is followed by text");
      }
    } else {
      const size_t end = std::min(line.find(',', at), line.size());
      cell = std::string(line.substr(at, end - at));
      at = end;
    }
    cells.push_back(std::move(cell));
    if (at >= line.size()) return cells;
    ++at;
  }
}

absl::Status RecipientReader::Wrong(std::string_view what) const {
  return absl::InvalidArgumentError(fmt::format("line {}: {}", line_, what));
}

absl::StatusOr<std::optional<v1::NewMessage>> RecipientReader::Next() {
  std::string line;
  while (std::getline(in_, line)) {
    ++line_;
    if (line_ == 1 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    if (line.ends_with('\r')) line.pop_back();
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos) continue;
    const bool is_first = std::exchange(is_first_, false);
    if (is_first && format_ == RecipientFormat::kAuto) {
      format_ = line[begin] == '{' ? RecipientFormat::kNdjson : RecipientFormat::kCsv;
    }
    if (!base::IsValidUtf8(line)) return Wrong("is not UTF-8");
    if (format_ == RecipientFormat::kNdjson) return ParseJson(line);
    const auto row = SplitCsv(line);
    if (!row.ok()) return Wrong(base::ToStd(row.status().message()));
    if (is_first && row->front() == "recipient") {
      columns_ = *row;
      continue;
    }
    return ParseRow(*row);
  }
  if (in_.bad()) return absl::UnavailableError("the input cannot be read");
  return std::nullopt;
}

absl::StatusOr<v1::NewMessage> RecipientReader::ParseJson(const std::string& line) const {
  v1::NewMessage message;
  const auto status = google::protobuf::util::JsonStringToMessage(line, &message);
  // The library's own words span lines and quote the input.
  if (!status.ok()) return Wrong("is not a message in JSON");
  return message;
}

absl::StatusOr<v1::NewMessage> RecipientReader::ParseRow(
    const std::vector<std::string>& row) const {
  if (row.size() > columns_.size()) {
    return Wrong(fmt::format("has {} cells where {} are expected (a text with commas needs quotes)",
                             row.size(), columns_.size()));
  }
  v1::NewMessage message;
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string& column = columns_[i];
    if (column == "recipient") {
      message.set_recipient(row[i]);
    } else if (column == "text") {
      if (!row[i].empty()) message.set_text(row[i]);
    } else if (column == "external_id") {
      message.set_external_id(row[i]);
    } else {
      (*message.mutable_fields())[column] = row[i];
    }
  }
  return message;
}

}  // namespace campaigner::cli

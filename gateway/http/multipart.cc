#include "gateway/http/multipart.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "gateway/limits.h"
#include "server/base/text.h"

namespace campaigner::gateway::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kHyphens = "--";
constexpr size_t kBoundaryBytesMax = 70;

bool IsBoundaryChar(char c) {
  constexpr std::string_view kMarks = "'()+_,-./:=? ";
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || kMarks.find(c) != kMarks.npos;
}

bool IsName(std::string_view name, std::string_view expected) {
  return absl::EqualsIgnoreCase(base::ToAbsl(name), base::ToAbsl(expected));
}

}  // namespace

std::optional<std::string> MultipartParser::BoundaryOf(const HeaderValue& content_type) {
  const std::string_view boundary = content_type.Parameter("boundary");
  const bool is_valid = content_type.value == "multipart/form-data" && !boundary.empty() &&
                        boundary.size() <= kBoundaryBytesMax && boundary.back() != ' ' &&
                        std::all_of(boundary.begin(), boundary.end(), IsBoundaryChar);
  if (!is_valid) return std::nullopt;
  return std::string(boundary);
}

MultipartParser::MultipartParser(std::string_view boundary, FormVisitor& visitor)
    : delimiter_(std::string(kLineEnd).append(kHyphens).append(boundary)),
      visitor_(visitor),
      // The first boundary may be the first line.
      pending_(kLineEnd) {}

bool MultipartParser::Append(std::string_view bytes) {
  if (state_ == State::kBroken) return false;
  if (state_ == State::kEpilogue) return true;
  pending_.append(bytes);
  position_ = 0;
  bool goes_on = true;
  while (goes_on) {
    switch (state_) {
      case State::kPreamble:
      case State::kData: goes_on = TakeData(); break;
      case State::kBoundaryEnd: goes_on = TakeBoundaryEnd(); break;
      case State::kHead: goes_on = TakeHead(); break;
      case State::kEpilogue: position_ = pending_.size(); [[fallthrough]];
      case State::kBroken: goes_on = false;
    }
  }
  pending_.erase(0, position_);
  return state_ != State::kBroken;
}

bool MultipartParser::TakeData() {
  const std::string_view rest = std::string_view(pending_).substr(position_);
  const size_t found = rest.find(delimiter_);
  const bool is_end = found != rest.npos;
  // Without one, the last bytes may be the begin of it.
  const size_t count = is_end ? found : rest.size() - std::min(rest.size(), delimiter_.size() - 1);
  const size_t skipped = std::min(head_end_left_, count);
  head_end_left_ -= skipped;
  if (state_ == State::kData && count > skipped) {
    visitor_.OnData(rest.substr(skipped, count - skipped));
  }
  position_ += count;
  if (!is_end) return false;
  position_ += delimiter_.size();
  state_ = State::kBoundaryEnd;
  return true;
}

bool MultipartParser::TakeBoundaryEnd() {
  const std::string_view rest = std::string_view(pending_).substr(position_);
  if (rest.empty() || rest == kHyphens.substr(1)) return false;
  if (rest.starts_with(kHyphens)) {
    state_ = State::kEpilogue;
    return true;
  }
  // Mail gateways may have added blanks.
  const size_t blanks = std::min(rest.find_first_not_of(" \t"), rest.size());
  if (blanks > limits::kBoundaryBlanksMax) return Fail("has a boundary with too many blanks");
  const std::string_view end = rest.substr(blanks, kLineEnd.size());
  if (end != kLineEnd.substr(0, end.size())) return Fail("has text behind a boundary");
  if (end.size() < kLineEnd.size()) return false;
  if (++parts_ > limits::kPartsMax) return Fail("has too many parts");
  // The line end stays: a head without a line then ends as any other does.
  position_ += blanks;
  state_ = State::kHead;
  return true;
}

bool MultipartParser::TakeHead() {
  const std::string_view rest = std::string_view(pending_).substr(position_);
  const size_t end = rest.substr(0, limits::kPartHeadBytesMax).find(kHeadEnd);
  if (end == rest.npos) {
    return rest.size() >= limits::kPartHeadBytesMax && Fail("has a part with too long headers");
  }
  if (!ReadHead(rest.substr(0, end))) return false;
  position_ += end + kLineEnd.size();
  head_end_left_ = kLineEnd.size();
  state_ = State::kData;
  return true;
}

bool MultipartParser::ReadHead(std::string_view head) {
  FormPart part;
  while (!head.empty()) {
    head.remove_prefix(kLineEnd.size());
    const std::string_view line = head.substr(0, head.find(kLineEnd));
    head.remove_prefix(line.size());
    if (!ReadHeader(line, part)) return false;
  }
  if (part.name.empty()) return Fail("has a part without a name");
  visitor_.OnPart(part);
  return true;
}

bool MultipartParser::ReadHeader(std::string_view line, FormPart& part) {
  const size_t colon = line.find(':');
  const bool has_control = std::any_of(line.begin(), line.end(), [](char c) {
    return c != '\t' && absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
  if (colon == line.npos || has_control) return Fail("has a part with a broken header");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value =
      base::ToStd(absl::StripAsciiWhitespace(base::ToAbsl(line.substr(colon + 1))));
  if (IsName(name, "Content-Type")) {
    part.content_type = value;
  } else if (IsName(name, "Content-Transfer-Encoding")) {
    const bool is_plain = IsName(value, "binary") || IsName(value, "8bit") || IsName(value, "7bit");
    if (!is_plain) return Fail("has a part with an encoding: send plain bytes");
  } else if (IsName(name, "Content-Disposition")) {
    const auto disposition = ParseHeaderValue(value);
    if (!disposition || disposition->value != "form-data") {
      return Fail("has a part with a broken Content-Disposition");
    }
    part.name = disposition->Parameter("name");
    part.file_name = disposition->Parameter("filename");
  }
  return true;
}

bool MultipartParser::Fail(std::string_view error) {
  state_ = State::kBroken;
  error_ = error;
  return false;
}

}  // namespace campaigner::gateway::http

#include "gateway/http/head.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "gateway/limits.h"
#include "server/base/text.h"

namespace campaigner::gateway::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool IsTokenChar(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || kMarks.find(c) != kMarks.npos;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar);
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool IsName(std::string_view name, std::string_view expected) {
  return absl::EqualsIgnoreCase(base::ToAbsl(name), base::ToAbsl(expected));
}

// Whether a list of tokens ("close, TE") has this one.
bool HasToken(std::string_view list, std::string_view token) {
  for (std::string_view rest = list; !rest.empty();) {
    const std::string_view item = rest.substr(0, rest.find(','));
    if (IsName(Trimmed(item), token)) return true;
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
  }
  return false;
}

// What follows the authority of "http://host/path"; any other target is its own path.
std::string_view PathOf(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!IsName(target.substr(0, scheme.size()), scheme)) continue;
    const size_t path = target.find_first_of("/?", scheme.size());
    return path == target.npos ? std::string_view("/") : target.substr(path);
  }
  return target;
}

// The state of one check: what was met so far.
class Checker {
 public:
  Checker(std::string_view head, const TakesStream& takes_stream)
      : head_(head), takes_stream_(takes_stream) {}

  HeadCheck Run() {
    size_t begin = 0;
    bool is_first = true;
    while (check_.refusal_status == 0 && begin < head_.size()) {
      const size_t end = head_.find(kLineEnd, begin);
      if (end == head_.npos) {
        Refuse(400, "a line does not end with CR LF");
        break;
      }
      const std::string_view line = head_.substr(begin, end - begin);
      if (is_first) {
        CheckRequestLine(line);
      } else if (!line.empty()) {
        CheckHeader(line);
      }
      is_first = false;
      begin = end + kLineEnd.size();
    }
    Conclude();
    return check_;
  }

 private:
  void Refuse(int status, std::string_view why) {
    if (check_.refusal_status != 0) return;
    check_.refusal_status = status;
    check_.refusal = why;
  }

  // What only all headers together say.
  void Conclude() {
    if (check_.is_chunked && lengths_ > 0) Refuse(400, "Content-Length beside Transfer-Encoding");
    if (check_.is_old) {
      check_.wants_close = !keeps_alive_;
      check_.expects_continue = false;
    } else if (hosts_ == 0) {
      Refuse(400, "the Host header is missing");
    }
  }

  void CheckRequestLine(std::string_view line) {
    const size_t first = line.find(' ');
    const size_t last = line.rfind(' ');
    if (first == line.npos || first == last || !IsToken(line.substr(0, first))) {
      return Refuse(400, "broken request line");
    }
    check_.method = line.substr(0, first);
    std::string_view target = line.substr(first + 1, last - first - 1);
    if (target.size() > limits::kTargetBytesMax) return Refuse(414, "the address is too long");
    target = PathOf(target);
    if (!target.starts_with('/') || target.find(' ') != target.npos || HasControl(target)) {
      return Refuse(400, "broken request target");
    }
    check_.target = target;
    const std::string_view version = line.substr(last + 1);
    if (version != "HTTP/1.1" && version != "HTTP/1.0") Refuse(400, "only HTTP/1.1 is spoken here");
    check_.is_old = version == "HTTP/1.0";
    check_.is_streamed = takes_stream_ && takes_stream_(check_.method, target);
  }

  void CheckHeader(std::string_view line) {
    if (check_.headers.size() >= limits::kHeadersMax) return Refuse(431, "too many headers");
    const size_t colon = line.find(':');
    if (colon == line.npos || !IsToken(line.substr(0, colon))) return Refuse(400, "broken header");
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = Trimmed(line.substr(colon + 1));
    if (HasControl(value)) return Refuse(400, "control character in a header");
    check_.headers.emplace_back(name, value);
    if (IsName(name, "Transfer-Encoding")) {
      CheckTransferEncoding(value);
    } else if (IsName(name, "Content-Encoding")) {
      if (!IsName(value, "identity"))
        Refuse(415, "Content-Encoding is not taken: send plain bytes");
    } else if (IsName(name, "Content-Length")) {
      CheckLength(value);
    } else if (IsName(name, "Host")) {
      if (++hosts_ > 1) Refuse(400, "several Host headers");
    } else if (IsName(name, "Expect")) {
      check_.expects_continue = IsName(value, "100-continue");
      if (!check_.expects_continue) Refuse(417, "unknown expectation");
    } else if (IsName(name, "Connection")) {
      check_.wants_close = check_.wants_close || HasToken(value, "close");
      keeps_alive_ = keeps_alive_ || HasToken(value, "keep-alive");
    }
  }

  void CheckTransferEncoding(std::string_view value) {
    if (!check_.is_streamed) {
      return Refuse(411, "Transfer-Encoding is not taken: send Content-Length");
    }
    if (check_.is_chunked) return Refuse(400, "several Transfer-Encoding headers");
    // HTTP/1.0 has none: whoever put it there means something else by the length (RFC 9112, 6.1).
    if (check_.is_old) return Refuse(400, "Transfer-Encoding in HTTP/1.0");
    if (!IsName(value, "chunked")) return Refuse(501, "of transfer codings only chunked is taken");
    check_.is_chunked = true;
  }

  void CheckLength(std::string_view value) {
    if (++lengths_ > 1) return Refuse(400, "several Content-Length headers");
    const bool is_number = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
      return absl::ascii_isdigit(static_cast<unsigned char>(c));
    });
    if (!is_number) return Refuse(400, "Content-Length is not a number");
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), check_.content_length);
    const size_t most = check_.is_streamed ? limits::kStreamedBodyBytesMax : limits::kBodyBytesMax;
    if (error != std::errc() || check_.content_length > most) {
      check_.content_length = 0;
      Refuse(413, check_.is_streamed ? "the body is larger than 2 GiB"
                                     : "the body is larger than 16 MiB");
    }
  }

  const std::string_view head_;
  const TakesStream& takes_stream_;
  HeadCheck check_;
  bool keeps_alive_ = false;
  int hosts_ = 0;
  int lengths_ = 0;
};

}  // namespace

HeadCheck CheckHead(std::string_view head, const TakesStream& takes_stream) {
  return Checker(head, takes_stream).Run();
}

}  // namespace campaigner::gateway::http

#include <algorithm>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/imports/reading/byte_source.h"
#include "server/imports/reading/decoder.h"
#include "server/imports/reading/detect.h"
#include "server/imports/reading/text_row_source.h"
#include "server/imports/reading/xls_process.h"

namespace campaigner::imports {
namespace {

namespace limits = base::limits;

absl::StatusOr<std::string> ReadSample(const ByteSource& bytes, int64_t offset) {
  std::string sample(limits::kImportSampleBytes, '\0');
  ASSIGN_OR_RETURN(const size_t size, bytes.Read(offset, sample.data(), sample.size()));
  sample.resize(size);
  return sample;
}

size_t FindNonAscii(std::string_view text) {
  const auto is_high = [](char c) { return static_cast<uint8_t>(c) >= 0x80; };
  return static_cast<size_t>(std::find_if(text.begin(), text.end(), is_high) - text.begin());
}

// By the first part of the file that has other characters than ASCII: a base may begin with
// thousands of bare numbers. Close to a sample's end there would be too few of them.
absl::StatusOr<Encoding> FindEncoding(const ByteSource& bytes, std::string_view sample) {
  const Encoding encoding = DetectEncoding(sample);
  if (encoding == Encoding::kUtf16 || FindNonAscii(sample) < sample.size() / 2) return encoding;
  const int64_t search_end = std::min(bytes.size(), limits::kImportEncodingSearchBytesMax);
  for (int64_t offset = 0; offset < search_end;) {
    ASSIGN_OR_RETURN(const std::string part, ReadSample(bytes, offset));
    const size_t found = FindNonAscii(part);
    offset += static_cast<int64_t>(found);
    if (found == part.size()) continue;
    ASSIGN_OR_RETURN(const std::string rest, ReadSample(bytes, offset));
    return DetectEncoding(rest);
  }
  return Encoding::kUtf8;
}

// The source passes over the header, and goes on at `resume`.
absl::StatusOr<std::unique_ptr<RowSource>> Begin(std::unique_ptr<TextRowSource> source,
                                                 Format& format,
                                                 const std::optional<Position>& resume) {
  if (format.has_header()) {
    RawRow header;
    bool has_header = false;
    for (int turn = 0; !has_header && !source->has_ended(); ++turn) {
      if (turn >= limits::kImportPassedOverTurnsMax) {
        return absl::InvalidArgumentError("has no header in its first rows");
      }
      ASSIGN_OR_RETURN(has_header, source->Next(header));
    }
    if (!has_header) header.cells.clear();
    RETURN_IF_ERROR(ResolveHeaders(header.cells, format));
    if (format.header_names_fields) AddHeaderFields(header.cells, format);
  }
  if (resume && resume->row > 0) source->Seek(*resume);
  return source;
}

absl::StatusOr<std::unique_ptr<RowSource>> OpenText(std::unique_ptr<ByteSource> bytes,
                                                    std::string_view sample, Format& format,
                                                    const std::optional<Position>& resume) {
  if (format.encoding == Encoding::kDetect) {
    // What is no text has no encoding.
    RETURN_IF_ERROR(CheckIsText(sample, DetectEncoding(sample)));
    ASSIGN_OR_RETURN(format.encoding, FindEncoding(*bytes, sample));
  }
  RETURN_IF_ERROR(CheckIsText(sample, format.encoding));
  const bool is_big_endian = IsBigEndianUtf16(sample);
  const size_t mark = ByteOrderMarkSize(sample, format.encoding);
  if (format.column_separator.empty()) {
    sample.remove_prefix(mark);
    std::string text(sample.size() * Decoder::kGrowth, '\0');
    const Decoder decoder(format.encoding, is_big_endian);
    text.resize(decoder.Decode(sample, false, text.data()).bytes_out);
    format.column_separator = DetectColumnSeparator(text, format);
  }
  return Begin(std::make_unique<TextRowSource>(std::move(bytes), format, is_big_endian,
                                               static_cast<int64_t>(mark)),
               format, resume);
}

}  // namespace

RowOpening::RowOpening(std::string path, const std::optional<Position>& resume)
    : path_(std::move(path)), resume_(resume) {}
RowOpening::~RowOpening() = default;

absl::StatusOr<std::unique_ptr<RowSource>> RowOpening::Poll(Format& format) {
  return Open(format, /*waits=*/false);
}

absl::StatusOr<std::unique_ptr<RowSource>> RowOpening::Wait(Format& format) {
  return Open(format, /*waits=*/true);
}

absl::StatusOr<std::unique_ptr<RowSource>> RowOpening::Open(Format& format, bool waits) {
  if (conversion_ == nullptr) {
    ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> bytes, OpenFile(path_));
    ASSIGN_OR_RETURN(const std::string sample, ReadSample(*bytes, 0));
    if (!IsXls(sample)) return OpenText(std::move(bytes), sample, format, resume_);
    ASSIGN_OR_RETURN(conversion_, XlsConversion::Begin(path_, bytes->size(), format.sheet));
  }
  if (!waits && !conversion_->HasEnded()) return nullptr;
  // Its place is for others now.
  const std::unique_ptr<XlsConversion> ended = std::move(conversion_);
  ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> text, ended->Take());
  return Begin(TextRowSource::OfXls(std::move(text), format), format, resume_);
}

absl::StatusOr<std::unique_ptr<RowSource>> OpenRowSource(const std::string& path, Format& format,
                                                         const std::optional<Position>& resume) {
  return RowOpening(path, resume).Wait(format);
}

absl::StatusOr<std::unique_ptr<RowSource>> OpenPastedRows(std::string text, Format& format,
                                                          const std::optional<Position>& resume) {
  format.encoding = Encoding::kUtf8;
  std::unique_ptr<ByteSource> bytes = BytesInMemory(std::move(text));
  ASSIGN_OR_RETURN(const std::string sample, ReadSample(*bytes, 0));
  return OpenText(std::move(bytes), sample, format, resume);
}

}  // namespace campaigner::imports

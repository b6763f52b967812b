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
  if (format.header_names_fields) {
    RawRow header;
    ASSIGN_OR_RETURN(const bool has_header, source->Next(header));
    if (has_header) AddHeaderFields(header.cells, format);
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

absl::StatusOr<std::unique_ptr<RowSource>> OpenRowSource(const std::string& path, Format& format,
                                                         const std::optional<Position>& resume) {
  ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> bytes, OpenFile(path));
  ASSIGN_OR_RETURN(const std::string sample, ReadSample(*bytes, 0));
  if (IsXls(sample)) {
    ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> text,
                     ConvertXls(path, bytes->size(), format.sheet));
    return Begin(TextRowSource::OfXls(std::move(text), format), format, resume);
  }
  return OpenText(std::move(bytes), sample, format, resume);
}

absl::StatusOr<std::unique_ptr<RowSource>> OpenPastedRows(std::string text, Format& format,
                                                          const std::optional<Position>& resume) {
  format.encoding = Encoding::kUtf8;
  std::unique_ptr<ByteSource> bytes = BytesInMemory(std::move(text));
  ASSIGN_OR_RETURN(const std::string sample, ReadSample(*bytes, 0));
  return OpenText(std::move(bytes), sample, format, resume);
}

}  // namespace campaigner::imports

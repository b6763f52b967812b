#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/imports/reading/format.h"

// What can be found out about a file from its first bytes.
namespace campaigner::imports {

// A byte order mark decides; else UTF-16 shows by its zeros, and UTF-8 by being valid (but for a
// character cut off at the end, and for damage that its valid characters outnumber by far); else it
// is the encoding in which the text looks most like Russian. Pure ASCII is UTF-8.
Encoding DetectEncoding(std::string_view sample);

// Whether UTF-16 text is big-endian: by its mark, else by its zeros.
bool IsBigEndianUtf16(std::string_view sample);

// Bytes of the byte order mark at the start of a text in `encoding`; 0: it has none.
size_t ByteOrderMarkSize(std::string_view sample, Encoding encoding);

// OLE's mark: what is no XLS behind it is found out by reading.
bool IsXls(std::string_view sample);

// INVALID_ARGUMENT with a reason that fits behind the file's name: what is known not to be text by
// its first bytes, or has too many zeros and control characters.
absl::Status CheckIsText(std::string_view sample, Encoding encoding);

// ";", a tab, "," or "|": that which cuts most rows of `sample` into the same number of cells, more
// than one. `sample` is UTF-8; of `format` everything but the column separator counts. ";" where
// none does.
std::string DetectColumnSeparator(std::string_view sample, const Format& format);

}  // namespace campaigner::imports

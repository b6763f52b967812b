#include "server/imports/reading/decoder.h"

#include <unicode/ucnv.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace campaigner::imports {
namespace {

// The character of a byte; 0: none.
UChar FromByte(UConverter* converter, char byte) {
  UErrorCode error = U_ZERO_ERROR;
  UChar units[2];
  ucnv_reset(converter);
  const int32_t count = ucnv_toUChars(converter, units, 2, &byte, 1, &error);
  // What no standard gives a meaning, some tables give a control character.
  const bool is_defined = U_SUCCESS(error) && count == 1 && units[0] >= 0xA0 && units[0] != 0xFFFD;
  return is_defined ? units[0] : 0;
}

}  // namespace

Decoder::Decoder(Encoding encoding, bool is_big_endian)
    : encoding_(encoding), is_big_endian_(is_big_endian) {
  if (encoding == Encoding::kUtf8 || encoding == Encoding::kUtf16) return;
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<UConverter, decltype(&ucnv_close)> converter(
      ucnv_open(EncodingName(encoding), &error), ucnv_close);
  for (size_t byte = 0; byte < characters_.size(); ++byte) {
    Character& character = characters_[byte];
    character.utf8[0] = static_cast<char>(byte);
    character.size = 1;
    // Half of the tables are ASCII, though old ones of DOS shuffle its control characters.
    if (byte < 0x80) continue;
    const UChar32 unit = U_SUCCESS(error) ? FromByte(converter.get(), static_cast<char>(byte)) : 0;
    if (unit == 0) {
      character.utf8[0] = kInvalidByte;
    } else {
      character.size = 0;
      U8_APPEND_UNSAFE(character.utf8.data(), character.size, unit);
    }
  }
}

Decoder::Decoded Decoder::Decode(std::string_view bytes, bool is_end, char* out) const {
  if (is_plain()) {
    std::memcpy(out, bytes.data(), bytes.size());
    return {bytes.size(), bytes.size()};
  }
  if (encoding_ == Encoding::kUtf16) return DecodeUtf16(bytes, is_end, out);
  char* const begin = out;
  for (const char c : bytes) {
    const Character& character = characters_[static_cast<uint8_t>(c)];
    std::memcpy(out, character.utf8.data(), kGrowth);
    out += character.size;
  }
  return {bytes.size(), static_cast<size_t>(out - begin)};
}

Decoder::Decoded Decoder::DecodeUtf16(std::string_view bytes, bool is_end, char* out) const {
  const auto unit_at = [&](size_t at) {
    const auto first = static_cast<uint8_t>(bytes[at]);
    const auto second = static_cast<uint8_t>(bytes[at + 1]);
    return static_cast<UChar>(is_big_endian_ ? first << 8 | second : second << 8 | first);
  };
  Decoded done;
  while (done.bytes_in + 2 <= bytes.size()) {
    const UChar unit = unit_at(done.bytes_in);
    UChar32 character = unit;
    size_t size = 2;
    if (U16_IS_SURROGATE(unit)) {
      const bool has_next = done.bytes_in + 4 <= bytes.size();
      if (U16_IS_LEAD(unit) && !has_next && !is_end) return done;
      const UChar next = U16_IS_LEAD(unit) && has_next ? unit_at(done.bytes_in + 2) : 0;
      if (!U16_IS_TRAIL(next)) {
        out[done.bytes_out++] = kInvalidByte;
        done.bytes_in += size;
        continue;
      }
      character = U16_GET_SUPPLEMENTARY(unit, next);
      size = 4;
    }
    U8_APPEND_UNSAFE(out, done.bytes_out, character);
    done.bytes_in += size;
  }
  if (is_end && done.bytes_in < bytes.size()) {
    out[done.bytes_out++] = kInvalidByte;
    done.bytes_in = bytes.size();
  }
  return done;
}

int64_t Decoder::BytesInFile(std::string_view text) const {
  if (is_plain()) return static_cast<int64_t>(text.size());
  // kInvalidByte counts as a character of one unit, which it is.
  int64_t characters = 0;
  int64_t pairs = 0;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    characters += (byte & 0xC0) != 0x80;
    pairs += byte >= 0xF0 && byte <= 0xF4;
  }
  return encoding_ == Encoding::kUtf16 ? 2 * (characters + pairs) : characters;
}

}  // namespace campaigner::imports

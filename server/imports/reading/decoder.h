#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/imports/reading/format.h"

namespace campaigner::imports {

// Bytes of a file to UTF-8. What the encoding does not have becomes kInvalidByte, which UTF-8 never
// holds: whoever validates the text finds it. Immutable, and so thread-safe.
class Decoder {
 public:
  static constexpr char kInvalidByte = '\xFF';
  // At most so many bytes come out for each that goes in.
  static constexpr size_t kGrowth = 3;

  // `encoding` is not kDetect. `is_big_endian` matters to UTF-16.
  Decoder(Encoding encoding, bool is_big_endian);

  // The text is the file: nothing has to be decoded.
  bool is_plain() const { return encoding_ == Encoding::kUtf8; }

  struct Decoded {
    size_t bytes_in = 0;
    size_t bytes_out = 0;
  };
  // Decodes to `out`, which has room for kGrowth times the size of `bytes`. A character that is cut
  // off at the end is left for the next call, unless `is_end`.
  Decoded Decode(std::string_view bytes, bool is_end, char* out) const;

  // How many bytes of the file `text` was, as Decode made it.
  int64_t BytesInFile(std::string_view text) const;

 private:
  struct Character {
    uint8_t size = 0;
    std::array<char, kGrowth> utf8 = {};
  };

  Decoded DecodeUtf16(std::string_view bytes, bool is_end, char* out) const;

  const Encoding encoding_;
  const bool is_big_endian_;
  // By byte, for the encodings of one byte a character.
  std::array<Character, 256> characters_;
};

}  // namespace campaigner::imports

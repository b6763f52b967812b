#include <nlohmann/json.hpp>

#include "server/domain/json_number.h"
#include "tests/fuzz/input.h"

// Agrees with a JSON parser, which alone would also take white space around a number.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = campaigner::fuzz::Text(data, size);
  const bool has_space = text.find_first_of(" \t\r\n") != text.npos;
  // A number out of range is one by its grammar; a byte order mark is none.
  const bool is_json = nlohmann::json::accept("[" + std::string(text) + "]");
  const bool begins_well = !text.empty() && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
  const bool is_one = text.find(',') == text.npos;
  const bool expected = begins_well && is_json && is_one && !has_space;
  const bool actual = campaigner::domain::IsJsonNumber(text);
  // The parser refuses what no double can hold.
  campaigner::fuzz::Require(actual || !expected);
  if (actual && !expected) {
    campaigner::fuzz::Require(text.find_first_of("eE") != text.npos || text.size() > 300);
  }
  return 0;
}

#include <algorithm>
#include <string>
#include <vector>

#include "server/base/limits.h"
#include "server/base/text.h"
#include "server/domain/email.h"
#include "server/imports/reading/recipient_mapper.h"
#include "tests/fuzz/input.h"

namespace {

namespace imports = campaigner::imports;
namespace limits = campaigner::base::limits;
using campaigner::fuzz::Require;

void CheckEmail(std::string_view text) {
  const auto address = campaigner::domain::NormalizeEmail(text);
  if (!address.ok()) return;
  Require(address->size() <= 254);
  Require(std::all_of(address->begin(), address->end(),
                      [](char c) { return c > ' ' && c <= '~' && !(c >= 'A' && c <= 'Z'); }));
  const auto again = campaigner::domain::NormalizeEmail(*address);
  Require(again.ok() && *again == *address);
}

void CheckRecipient(const imports::Recipient& recipient) {
  Require(!recipient.address.empty());
  Require(campaigner::base::CountCodePoints(recipient.external_id) <= limits::kExternalIdCharsMax);
  for (const auto& [name, value] : recipient.fields) {
    Require(!value.empty());
    Require(campaigner::base::CountCodePoints(value) <= limits::kFieldValueCharsMax);
  }
}

}  // namespace

// Whatever a row holds becomes a recipient within all limits, or short problems. What becomes an
// e-mail address stays one.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = campaigner::fuzz::Text(data, size);
  CheckEmail(text);
  imports::Format format;
  format.column_separator = ";";
  format.fields = {{"a", 2}, {"b", 3}};
  format.external_id_column = 4;
  const auto source = imports::OpenPastedRows(std::string(text), format);
  if (!source.ok()) return 0;
  static const auto* const kPhones = new campaigner::domain::PhoneNormalizer();
  imports::RawRow row;
  imports::Recipient recipient;
  std::vector<std::string> problems;
  const imports::RecipientMapper mappers[] = {{*kPhones, format, "sms", "RU"},
                                              {*kPhones, format, "email", "RU"}};
  while (true) {
    const auto more = (*source)->Next(row);
    Require(more.ok());
    if (!*more) return 0;
    for (const imports::RecipientMapper& mapper : mappers) {
      const bool is_good = mapper.Map(row, recipient, problems);
      Require(is_good == problems.empty());
      for (const std::string& problem : problems) Require(problem.size() < 120);
      if (is_good) CheckRecipient(recipient);
    }
  }
}

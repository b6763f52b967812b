#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/domain/message.h"
#include "server/domain/phone.h"
#include "server/imports/reading/format.h"
#include "server/imports/reading/row_source.h"

namespace campaigner::imports {

// A row as it is stored.
struct Recipient {
  // E.164 digits; for channel "email" the normalised address.
  std::string address;
  // Without those whose cells are empty or missing: a template shows nothing for either.
  domain::Fields fields;
  std::string external_id;
};

// Turns rows into recipients. Immutable, and so thread-safe.
class RecipientMapper {
 public:
  // `format` as OpenRowSource left it. `region` completes local phone numbers ("RU"). `phones` must
  // outlive the mapper.
  RecipientMapper(const domain::PhoneNormalizer& phones, const Format& format,
                  std::string_view channel, std::string_view region);

  // True if `row` makes a recipient. If not, `problems` says why: short texts, each with its column
  // ("column 3 (field_2): has more than 1000 characters"), none of which quotes the file. Both are
  // cleared first. White space around values is dropped.
  bool Map(const RawRow& row, Recipient& recipient, std::vector<std::string>& problems) const;

 private:
  void MapAddress(const RawRow& row, Recipient& recipient,
                  std::vector<std::string>& problems) const;
  void MapFields(const RawRow& row, Recipient& recipient, std::vector<std::string>& problems) const;
  void MapExternalId(const RawRow& row, Recipient& recipient,
                     std::vector<std::string>& problems) const;

  const domain::PhoneNormalizer& phones_;
  const bool is_email_;
  const std::string region_;
  const int32_t address_column_;
  const int32_t external_id_column_;
  const std::vector<FieldColumn> fields_;
};

}  // namespace campaigner::imports

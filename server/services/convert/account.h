#pragma once

#include <string_view>

#include "campaigner/v1/account.pb.h"
#include "campaigner/v1/api_key.pb.h"
#include "server/domain/account.h"
#include "server/domain/phone.h"
#include "server/services/convert/violations.h"

namespace campaigner::services {

void AccountToProto(const domain::Account& account, v1::Account* proto);

// Display name, region and zone; absent ones become `default_region` and "UTC". Violations name
// "account.display_name" and so on.
domain::Account AccountFromProto(const v1::Account& proto, std::string_view default_region,
                                 const domain::PhoneNormalizer& phones, Violations& violations);

void ApiKeyToProto(const domain::ApiKey& key, v1::ApiKey* proto);

// Everything but ids, secret and times of making. Violations name "api_key.scope" and so on.
domain::ApiKey ApiKeyFromProto(const v1::ApiKey& proto, Violations& violations);

}  // namespace campaigner::services

#pragma once

#include "server/base/address.h"

// Addresses are base's, because the gateway speaks of them too; to outbound traffic they are daily
// words.
namespace campaigner::net {

using base::AddressBytes;
using base::FromSockaddr;
using base::IsPublicAddress;
using base::NetworkList;
using base::ParseAddress;

}  // namespace campaigner::net

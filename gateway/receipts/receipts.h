#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "campaigner/v1/message_service.pb.h"
#include "gateway/backend.h"
#include "gateway/http/message.h"
#include "gateway/http/router.h"
#include "gateway/receipts/batcher.h"

// Where providers say what became of a message: GET or POST /receipts/v1/{provider}/{reference}.
// The reference carries a MAC, so there is no key. 200 means stored; 403 a reference that is not
// ours; 503 with Retry-After that it could not be stored and should come again.
namespace campaigner::gateway::receipts {

// `batcher` outlives the routes.
std::vector<http::Route> ReceiptRoutes(Batcher& batcher);

// What a receipt says. Nothing: a step that means nothing to us, which is 200. Two forms:
// - Kannel's, known by a parameter `type` (Kannel 1.4.5, User Guide, "Delivery Reports"): 1
//   delivered, 2 not delivered, 8 accepted by the SMSC, 16 rejected by it; 4 and 32 mean nothing;
//   `answer` is the SMSC's words, `id` its id;
// - the fields of campaigner.v1.DeliveryReport but its reference, in the query or as a JSON body:
//   {"state": "DELIVERED", "detail": "..."}.
// A response says what is wrong. Pure.
std::variant<std::optional<v1::DeliveryReport>, http::Response> ParseReceipt(
    const http::Request& request);

}  // namespace campaigner::gateway::receipts

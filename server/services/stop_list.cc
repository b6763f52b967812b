#include "server/services/stop_list.h"

#include <fmt/format.h>

#include <utility>

#include "server/base/limits.h"
#include "server/base/status_macros.h"
#include "server/domain/address.h"
#include "server/services/convert/time.h"
#include "server/services/paging.h"

namespace campaigner::services {
namespace {

namespace limits = base::limits;

// Empty, and a violation, for what is no address.
std::string ReadAddress(const CallContext& call, const domain::Account& account,
                        const std::string& field, const std::string& text, Violations& violations) {
  auto address = domain::NormalizeAddress(text, account.default_region, call.env.phones);
  if (address.ok()) return *std::move(address);
  violations.Add(field, address.status());
  return {};
}

void CheckCount(const char* field, int count, Violations& violations) {
  if (count == 0) violations.Add(field, "must not be empty");
  if (static_cast<size_t>(count) > limits::kStopListChangesMax) {
    violations.Add(field, fmt::format("must be at most {}", limits::kStopListChangesMax));
  }
}

}  // namespace

absl::Status AddToStopList(const CallContext& call, const v1::AddToStopListRequest& request,
                           v1::AddToStopListResponse* response) {
  Violations violations;
  CheckCount("entries", request.entries_size(), violations);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const auto account, call.env.accounts.Get(call.account_id()));
  std::vector<domain::StopListEntry> entries;
  entries.reserve(static_cast<size_t>(request.entries_size()));
  for (int i = 0; i < request.entries_size(); ++i) {
    const v1::StopListEntry& entry = request.entries(i);
    violations.CheckText(fmt::format("entries[{}].note", i), entry.note(),
                         limits::kDisplayNameCharsMax);
    entries.push_back({.account_id = call.account_id(),
                       .address = ReadAddress(call, *account, fmt::format("entries[{}].address", i),
                                              entry.address(), violations),
                       .note = entry.note(),
                       .create_time = call.now()});
  }
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const int32_t added, call.env.store.AddToStopList(entries));
  response->set_added(added);
  return absl::OkStatus();
}

absl::Status RemoveFromStopList(const CallContext& call,
                                const v1::RemoveFromStopListRequest& request,
                                v1::RemoveFromStopListResponse* response) {
  Violations violations;
  CheckCount("addresses", request.addresses_size(), violations);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const auto account, call.env.accounts.Get(call.account_id()));
  std::vector<std::string> addresses;
  for (int i = 0; i < request.addresses_size(); ++i) {
    addresses.push_back(ReadAddress(call, *account, fmt::format("addresses[{}]", i),
                                    request.addresses(i), violations));
  }
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const int32_t removed,
                   call.env.store.RemoveFromStopList(call.account_id(), addresses));
  response->set_removed(removed);
  return absl::OkStatus();
}

absl::Status ListStopList(const CallContext& call, const v1::ListStopListRequest& request,
                          v1::ListStopListResponse* response) {
  Violations violations;
  ASSIGN_OR_RETURN(const storage::Page page, ReadPage(call, request, violations));
  std::string address;
  if (!request.address().empty()) {
    ASSIGN_OR_RETURN(const auto account, call.env.accounts.Get(call.account_id()));
    address = ReadAddress(call, *account, "address", request.address(), violations);
  }
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(auto entries,
                   call.env.store.ListStopList(call.account_id(), address,
                                               {.after_id = page.after_id, .size = page.size + 1}));
  const int64_t next = CutPage(page, entries);
  for (const domain::StopListEntry& entry : entries) {
    v1::StopListEntry* proto = response->add_entries();
    proto->set_address(entry.address);
    proto->set_note(entry.note);
    TimeToProto(entry.create_time, proto->mutable_create_time());
  }
  response->set_next_page_token(call.env.page_tokens.Make(request, call.account_id(), next));
  return absl::OkStatus();
}

}  // namespace campaigner::services

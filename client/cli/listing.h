#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "client/cli/session.h"
#include "client/cli/show.h"
#include "server/base/status_macros.h"

// Lists are shown alike: page after page up to a limit, as a table or, with --json, one item a
// line.
namespace campaigner::cli {

inline constexpr int32_t kListLimit = 50;

inline void DefineLimit(CLI::App& command, int32_t& limit) {
  command.add_option("--limit", limit, "At most so many (50)")->check(CLI::PositiveNumber);
}

// Says on session.err when there may be more. `table` has the heading that `row` goes with.
template <typename Request, typename Response, typename Item>
absl::Status ShowList(Session& session, Request request, int32_t limit,
                      absl::StatusOr<Response> (client::Client::*read)(const Request&),
                      const google::protobuf::RepeatedPtrField<Item>& (Response::*items)() const,
                      Table table, absl::FunctionRef<std::vector<std::string>(const Item&)> row) {
  constexpr int32_t kPageMax = 1000;
  bool more = true;
  // Pages may be short, even empty, before the end.
  for (int32_t left = limit; left > 0 && more;) {
    request.set_page_size(std::min(left, kPageMax));
    ASSIGN_OR_RETURN(const Response page, (session.client.*read)(request));
    for (const Item& item : (page.*items)()) {
      if (session.as_json) {
        session.out << ToJsonLine(item);
      } else {
        table.Add(row(item));
      }
    }
    left -= (page.*items)().size();
    more = !page.next_page_token().empty();
    request.set_page_token(page.next_page_token());
  }
  if (session.as_json) return absl::OkStatus();
  session.out << table.Format();
  if (more) session.err << "There may be more: --limit shows more than " << limit << ".\n";
  return absl::OkStatus();
}

}  // namespace campaigner::cli

#include "server/dispatch/routes.h"

#include <gtest/gtest.h>

#include <limits>

#include "server/storage/sqlite/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/dispatch/scripted_provider.h"

namespace campaigner::dispatch {
namespace {

using ::campaigner::testing::StatusIs;
using ::testing::HasSubstr;

class RoutesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    storage::SqliteOptions options;
    options.path = dir_.File("campaigner.db");
    ASSERT_OK_AND_ASSIGN(store_, storage::OpenSqliteStore(options));
  }
  RouteOptions Route(const std::string& name, std::vector<std::string> prefixes) {
    RouteOptions route;
    route.name = name;
    route.prefixes = std::move(prefixes);
    route.provider = &provider_;
    return route;
  }
  std::string PickName(const RouteTable& table, std::string_view channel,
                       std::string_view recipient) {
    const auto id = table.Pick(channel, recipient);
    return id.has_value() ? table.Find(*id)->options.name : "none";
  }

  testing::TempDir dir_;
  base::SystemClock clock_;
  testing::ScriptedProvider provider_{clock_, {.concurrency_default = 7}};
  std::unique_ptr<storage::Store> store_;
};

TEST_F(RoutesTest, LongestPrefixWins) {
  RouteOptions push = Route("push", {});
  push.channel = "push";
  ASSERT_OK_AND_ASSIGN(const RouteTable table,
                       RouteTable::Make({Route("all", {}), Route("russia", {"7"}),
                                         Route("mobile", {"79", "380"}), push},
                                        *store_));
  EXPECT_EQ(PickName(table, "sms", "79201234567"), "mobile");
  EXPECT_EQ(PickName(table, "sms", "74951234567"), "russia");
  EXPECT_EQ(PickName(table, "sms", "380441234567"), "mobile");
  EXPECT_EQ(PickName(table, "sms", "7"), "russia");
  EXPECT_EQ(PickName(table, "sms", ""), "all");
  EXPECT_EQ(PickName(table, "push", "79201234567"), "push");
  EXPECT_EQ(PickName(table, "fax", "79201234567"), "none");
}

TEST_F(RoutesTest, NobodyCarriesWhatNoPrefixFits) {
  ASSERT_OK_AND_ASSIGN(const RouteTable table, RouteTable::Make({Route("russia", {"7"})}, *store_));
  EXPECT_EQ(PickName(table, "sms", "4915112345678"), "none");
}

TEST_F(RoutesTest, NumbersStayWithNames) {
  ASSERT_OK_AND_ASSIGN(const RouteTable first,
                       RouteTable::Make({Route("a", {"1"}), Route("b", {"2"})}, *store_));
  ASSERT_OK_AND_ASSIGN(const RouteTable second, RouteTable::Make({Route("b", {"2"})}, *store_));
  EXPECT_EQ(second.routes()[0].id, first.routes()[1].id);
  EXPECT_EQ(second.Find(first.routes()[0].id), nullptr);
}

TEST_F(RoutesTest, ProviderSaysHowManyAtOnce) {
  RouteOptions limited = Route("limited", {"1"});
  limited.concurrency_max = 3;
  ASSERT_OK_AND_ASSIGN(const RouteTable table,
                       RouteTable::Make({Route("open", {}), limited}, *store_));
  EXPECT_EQ(table.routes()[0].concurrency_max, 7);
  EXPECT_EQ(table.routes()[1].concurrency_max, 3);
  EXPECT_EQ(table.providers().size(), 1U) << "one provider behind two routes";
}

TEST_F(RoutesTest, ErrorsNameTheField) {
  const auto refused = [&](std::vector<RouteOptions> routes, const std::string& field) {
    EXPECT_THAT(RouteTable::Make(std::move(routes), *store_),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field)));
  };
  refused({Route("", {})}, "routes.name");
  refused({Route("a", {"1"}), Route("a", {"2"})}, "routes[a].name");
  refused({Route("a", {"1"}), Route("b", {"1"})}, "routes[b].prefixes");
  RouteOptions no_provider = Route("a", {});
  no_provider.provider = nullptr;
  refused({no_provider}, "routes[a].provider");
  RouteOptions negative = Route("a", {});
  negative.concurrency_max = -1;
  refused({negative}, "routes[a].concurrency_max");
  for (double rate : {-1.0, 1e7, std::numeric_limits<double>::quiet_NaN()}) {
    RouteOptions limited = Route("a", {});
    limited.messages_per_second_max = rate;
    refused({limited}, "routes[a].messages_per_second_max");
  }
}

}  // namespace
}  // namespace campaigner::dispatch

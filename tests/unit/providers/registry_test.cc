#include "server/providers/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace campaigner::providers {
namespace {

using ::campaigner::testing::StatusIs;
using ::testing::HasSubstr;

class RegistryTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Provider>> Make(const ProviderOptions& options) {
    return MakeProvider(options,
                        {.clock = clock_, .http = *http_, .receipts = [](std::vector<Receipt>) {}});
  }

  base::SystemClock clock_;
  std::unique_ptr<net::HttpClient> http_ = net::MakeHttpClient({});
};

TEST_F(RegistryTest, MakesEveryKind) {
  ASSERT_OK_AND_ASSIGN(const auto simulator, Make({.name = "a", .kind = SimulatorOptions{}}));
  EXPECT_EQ(simulator->capabilities().batch_max, 1000);
  ASSERT_OK_AND_ASSIGN(
      const auto kannel,
      Make({.name = "b", .kind = KannelOptions{.username = "u", .password = "p"}}));
  EXPECT_EQ(kannel->capabilities().batch_max, 1);
  EXPECT_TRUE(kannel->capabilities().sends_receipts);
  ASSERT_OK_AND_ASSIGN(const auto http,
                       Make({.name = "c", .kind = HttpOptions{.url = "http://127.0.0.1/"}}));
  EXPECT_FALSE(http->capabilities().sends_receipts);
}

TEST_F(RegistryTest, PassesErrorsOn) {
  EXPECT_THAT(Make({.name = "main-1", .kind = KannelOptions{}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("providers[main-1].kannel.")));
}

TEST_F(RegistryTest, RefusesNamesThatAreNone) {
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a\n"),
                                  std::string("\xD0\xB0"), std::string(65, 'a')}) {
    EXPECT_THAT(Make({.name = name, .kind = SimulatorOptions{}}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("providers.name")));
  }
}

}  // namespace
}  // namespace campaigner::providers

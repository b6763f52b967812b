#include "server/providers/kannel.h"
#include "tests/conformance/provider/http_provider_suite.h"
#include "tests/support/status_matchers.h"

namespace campaigner::providers {
namespace {

std::unique_ptr<Provider> MakeKannel(const std::string& url, absl::Duration timeout,
                                     net::HttpClient& http) {
  auto made = MakeKannelProvider(
      "kannel",
      {.url = url, .username = "tester", .password = kConformanceSecret, .timeout = timeout}, http);
  EXPECT_OK(made);
  return *std::move(made);
}

// Kannel always says in words what it did; 200 without them does not come from Kannel.
INSTANTIATE_TEST_SUITE_P(Kannel, HttpProviderSuite,
                         ::testing::Values(HttpProviderUnderTest{
                             .name = "kannel",
                             .make = MakeKannel,
                             .accepted_status = 202,
                             .accepted_body = "0: Accepted for delivery",
                             .on_empty = domain::AttemptOutcome::kUnknown,
                             .on_nonsense = domain::AttemptOutcome::kUnknown}));

}  // namespace
}  // namespace campaigner::providers

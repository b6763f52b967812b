#include "server/providers/http.h"
#include "tests/conformance/provider/http_provider_suite.h"
#include "tests/support/status_matchers.h"

namespace campaigner::providers {
namespace {

std::unique_ptr<Provider> Make(HttpOptions options, net::HttpClient& http) {
  options.secrets = {{"KEY", kConformanceSecret}};
  auto made = MakeHttpProvider("api", std::move(options), http);
  EXPECT_OK(made);
  return *std::move(made);
}

// The secret stands wherever one may stand.
std::unique_ptr<Provider> MakeJson(const std::string& url, absl::Duration timeout,
                                   net::HttpClient& http) {
  return Make({.url = url + "?key={secret:KEY}",
               .headers = {{"Authorization", "Bearer {secret:KEY}"}},
               .body = R"({"to": "{recipient}", "text": "{text}", "key": "{secret:KEY}"})",
               .message_id_pointer = "/id",
               .timeout = timeout},
              http);
}

std::unique_ptr<Provider> MakeForm(const std::string& url, absl::Duration timeout,
                                   net::HttpClient& http) {
  return Make({.url = url,
               .body = "to={recipient}&text={text}&from={sender}&key={secret:KEY}",
               .content_type = "application/x-www-form-urlencoded",
               .timeout = timeout},
              http);
}

std::unique_ptr<Provider> MakeGet(const std::string& url, absl::Duration timeout,
                                  net::HttpClient& http) {
  return Make({.url = url + "/{secret:KEY}?to={recipient}&text={text}",
               .method = "GET",
               .timeout = timeout},
              http);
}

std::unique_ptr<Provider> MakeXml(const std::string& url, absl::Duration timeout,
                                  net::HttpClient& http) {
  return Make({.url = url,
               .method = "PUT",
               .body = "<send key=\"{secret:KEY}\" to=\"{recipient}\">{text}</send>",
               .content_type = "application/xml",
               .timeout = timeout},
              http);
}

// The generic provider goes by the status: 2xx is accepted, whatever comes with it.
HttpProviderUnderTest Case(const char* name, decltype(HttpProviderUnderTest::make) make) {
  return {.name = name,
          .make = std::move(make),
          .accepted_status = 200,
          .accepted_body = R"({"id": "1"})",
          .on_empty = domain::AttemptOutcome::kAccepted,
          .on_nonsense = domain::AttemptOutcome::kAccepted};
}

INSTANTIATE_TEST_SUITE_P(Http, HttpProviderSuite,
                         ::testing::Values(Case("json", MakeJson), Case("form", MakeForm),
                                           Case("get", MakeGet), Case("xml", MakeXml)),
                         [](const auto& case_info) { return case_info.param.name; });

}  // namespace
}  // namespace campaigner::providers

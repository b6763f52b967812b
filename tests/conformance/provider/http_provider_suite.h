#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/net/http_client.h"
#include "server/providers/provider.h"
#include "tests/support/scripted_server.h"
#include "tests/support/temp_dir.h"

namespace campaigner::providers {

// A provider that works over HTTP, as the suite needs to know it.
struct HttpProviderUnderTest {
  std::string name;
  // One that sends to `url`, waits for so long, and uses `kConformanceSecret` as its secret.
  std::function<std::unique_ptr<Provider>(const std::string& url, absl::Duration timeout,
                                          net::HttpClient& http)>
      make;
  // What the provider's system answers when it takes a message.
  int accepted_status = 200;
  std::string accepted_body;
  // What 200 means with no body, and with one that makes no sense. A provider whose system says
  // more than its status takes neither for accepted.
  domain::AttemptOutcome on_empty = domain::AttemptOutcome::kUnknown;
  domain::AttemptOutcome on_nonsense = domain::AttemptOutcome::kUnknown;
};

// Must never appear in a log or detail. Looks different in every encoding.
inline constexpr char kConformanceSecret[] = "s3cret/k&y \"+<%41>";

inline void PrintTo(const HttpProviderUnderTest& provider, std::ostream* out) {
  *out << provider.name;
}

// What every provider over HTTP has to do with whatever comes back. A provider joins by
// INSTANTIATE_TEST_SUITE_P.
class HttpProviderSuite : public ::testing::TestWithParam<HttpProviderUnderTest> {
 protected:
  HttpProviderSuite();

  // The outcome of one message when the server answers like this. Checks what holds for all of
  // them: done once, one outcome, a printable detail, no secret anywhere.
  SubmitOutcome Submit(testing::ScriptedAnswer answer, absl::Duration timeout = absl::Seconds(15));
  SubmitOutcome SubmitTo(const std::string& url, absl::Duration timeout = absl::Seconds(15));
  std::string ExchangeLines() const;

  const testing::TempDir dir_;
  testing::ScriptedServer server_;
  std::unique_ptr<net::HttpClient> http_;
};

}  // namespace campaigner::providers

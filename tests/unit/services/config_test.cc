#include "server/services/convert/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace campaigner::services {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;

absl::StatusOr<Settings> Parse(const std::string& text) {
  return ParseSettings(text, [](const std::string& name) -> std::optional<std::string> {
    if (name == "PASSWORD") return "sesame";
    return std::nullopt;
  });
}

TEST(ConfigTest, EmptyMeansASimulator) {
  ASSERT_OK_AND_ASSIGN(const Settings settings, Parse(""));
  EXPECT_EQ(settings.default_region, "RU");
  ASSERT_EQ(settings.providers.size(), 1u);
  EXPECT_EQ(settings.providers[0].name, "simulator");
  ASSERT_EQ(settings.routes.size(), 1u);
  EXPECT_EQ(settings.routes[0].channel, "sms");
  EXPECT_EQ(settings.routes[0].provider_name, "simulator");
  EXPECT_TRUE(settings.trusted_gateways.Contains("127.0.0.1"));
  EXPECT_TRUE(settings.trusted_gateways.Contains("::1"));
  EXPECT_FALSE(settings.trusted_gateways.Contains("10.0.0.1"));
  EXPECT_EQ(settings.receipt_base_url, "http://127.0.0.1:8080");
}

TEST(ConfigTest, ReadsEverything) {
  ASSERT_OK_AND_ASSIGN(
      const Settings settings, Parse(R"pb(
        default_region: "KZ"
        providers {
          name: "k"
          kannel {
            username: "u"
            password { env: "PASSWORD" }
            timeout { seconds: 3 }
          }
        }
        providers {
          name: "sim"
          simulator {
            receipt_delay { nanos: 5000000 }
            seed: 4
          }
        }
        providers {
          name: "voice"
          http {
            url: "https://example.com/{recipient}"
            method: PUT
            headers { name: "x-a" value: "{secret:token}" }
            secrets {
              name: "token"
              secret { env: "PASSWORD" }
            }
          }
        }
        routes { name: "main" prefixes: "7" provider: "k" concurrency_max: 9 }
        routes { name: "rest" provider: "sim" unknown_outcome: FAIL messages_per_second_max: 2.5 }
        webhooks {
          allowed_networks: "127.0.0.0/8"
          timeout { seconds: 4 }
        }
        retention { messages { seconds: 3600 } }
        receipt_base_url: "https://campaigner.example.com/"
        trusted_gateway_networks: "10.0.0.0/8"
        exchange_log {
          file: "/var/log/exchanges.log"
          file_bytes_max: 4096
          old_files_max: 0
          redact_personal_data: false
        }
      )pb"));
  EXPECT_EQ(settings.default_region, "KZ");
  const auto& kannel = std::get<providers::KannelOptions>(settings.providers[0].kind);
  EXPECT_EQ(kannel.password, "sesame");
  EXPECT_EQ(kannel.timeout, absl::Seconds(3));
  EXPECT_EQ(std::get<providers::SimulatorOptions>(settings.providers[1].kind).receipt_delay,
            absl::Milliseconds(5));
  const auto& http = std::get<providers::HttpOptions>(settings.providers[2].kind);
  EXPECT_EQ(http.method, "PUT");
  EXPECT_EQ(http.secrets.at("token"), "sesame");
  EXPECT_EQ(settings.routes[0].prefixes, std::vector<std::string>{"7"});
  EXPECT_EQ(settings.routes[0].concurrency_max, 9);
  EXPECT_TRUE(settings.routes[0].retry_unknown);
  EXPECT_FALSE(settings.routes[1].retry_unknown);
  EXPECT_TRUE(settings.webhook_networks.Contains("127.0.0.1"));
  EXPECT_EQ(settings.webhook_timeout, absl::Seconds(4));
  EXPECT_EQ(settings.retention, absl::Hours(1));
  EXPECT_EQ(settings.receipt_base_url, "https://campaigner.example.com");
  EXPECT_FALSE(settings.trusted_gateways.Contains("127.0.0.1"));
  ASSERT_TRUE(settings.exchange_log.has_value());
  EXPECT_EQ(settings.exchange_log->path, "/var/log/exchanges.log");
  EXPECT_EQ(settings.exchange_log->file_bytes_max, 4096u);
  EXPECT_EQ(settings.exchange_log->old_files_max, 0u);
  EXPECT_FALSE(settings.exchange_log->redact_personal_data);
}

TEST(ConfigTest, RoutesHavePrices) {
  const std::string route =
      "providers { name: 's' simulator {} } routes { name: 'r' provider: 's' ";
  ASSERT_OK_AND_ASSIGN(const Settings settings,
                       Parse("currency: 'RUB' " + route + "price_micros: 2500000 }"));
  EXPECT_EQ(settings.currency, "RUB");
  EXPECT_EQ(settings.routes[0].price_micros, 2'500'000);
  ASSERT_OK_AND_ASSIGN(const Settings free, Parse(route + "}"));
  EXPECT_EQ(free.currency, "");
  EXPECT_THAT(Parse(route + "price_micros: 1 }"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("routes[r].price_micros")));
  EXPECT_THAT(Parse("currency: 'RUB' " + route + "price_micros: -1 }"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("routes[r].price_micros")));
  EXPECT_THAT(Parse("currency: 'rub'"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("currency")));
}

TEST(ConfigTest, TheExchangeLogIsOffUnlessNamed) {
  ASSERT_OK_AND_ASSIGN(const Settings without, Parse(""));
  EXPECT_FALSE(without.exchange_log.has_value());
  ASSERT_OK_AND_ASSIGN(const Settings with, Parse("exchange_log {}"));
  ASSERT_TRUE(with.exchange_log.has_value());
  EXPECT_EQ(with.exchange_log->path, "exchanges.log");
  EXPECT_EQ(with.exchange_log->file_bytes_max, 50u << 20);
  EXPECT_EQ(with.exchange_log->old_files_max, 4u);
  EXPECT_TRUE(with.exchange_log->redact_personal_data);
}

TEST(ConfigTest, ReadsASecretFromAFileWithoutItsLineEnd) {
  const testing::TempDir dir;
  std::ofstream(dir.File("secret")) << " s3cret\n";
  ASSERT_OK_AND_ASSIGN(
      const Settings settings,
      Parse("providers { name: 'k' kannel { password { file: '" + dir.File("secret") + "' } } }"));
  EXPECT_EQ(std::get<providers::KannelOptions>(settings.providers[0].kind).password, "s3cret");
}

TEST(ConfigTest, ErrorsNameTheField) {
  const std::pair<const char*, const char*> kCases[] = {
      {"no_such_field: 1", "line 1, column 14: Message type"},
      {"default_region: ", "line 1"},
      {"providers { name: 'a b' simulator {} }", "providers[a b].name must be"},
      {"providers { simulator {} }", "providers[].name must be"},
      {"providers { name: 'a' }", "providers[a] needs simulator, kannel or http"},
      {"providers { name: 'a' simulator {} } providers { name: 'a' simulator {} }",
       "providers[a].name is there twice"},
      {"providers { name: 'k' kannel {} }", "providers[k].kannel.password needs env or file"},
      {"providers { name: 'k' kannel { password { env: 'NOT_SET' } } }",
       "providers[k].kannel.password.env names the variable NOT_SET, which is not set"},
      {"providers { name: 'k' kannel { password { file: '/no/such/file' } } }",
       "providers[k].kannel.password.file names /no/such/file"},
      {"providers { name: 'h' http { secrets { name: 't' } } }",
       "providers[h].http.secrets[t].secret needs env or file"},
      {"providers { name: 's' simulator { receipt_delay { seconds: -1 } } }",
       "providers[s].simulator.receipt_delay must be more than 0 s"},
      {"routes { name: 'r' provider: 'nobody' }",
       "routes[r].provider \"nobody\" is no provider of this file"},
      {"routes { provider: 'simulator' }", "routes[].name must be"},
      {"routes { name: 'r' provider: 'simulator' } routes { name: 'r' provider: 'simulator' }",
       "routes[r].name is there twice"},
      {"routes { name: 'r' provider: 'simulator' prefixes: '+7' }", "routes[r].prefixes"},
      {"routes { name: 'r' provider: 'simulator' concurrency_max: -1 }",
       "routes[r].concurrency_max"},
      {"routes { name: 'r' provider: 'simulator' messages_per_second_max: nan }",
       "routes[r].messages_per_second_max"},
      {"webhooks { allowed_networks: '127.0.0.1/99' }", "webhooks.allowed_networks[0]"},
      {"webhooks { timeout { nanos: -5 } }", "webhooks.timeout"},
      {"webhooks { concurrency_per_destination_max: -1 }",
       "webhooks.concurrency_per_destination_max"},
      {"retention { messages { seconds: 3599 } }", "retention.messages must be at least 1 hour"},
      {"retention { messages { seconds: 999999999999999 } }", "retention.messages"},
      {"receipt_base_url: 'campaigner.example.com'", "receipt_base_url must begin with"},
      {"trusted_gateway_networks: 'nonsense'", "trusted_gateway_networks[0]"},
      {"exchange_log { file_bytes_max: 4095 }", "exchange_log.file_bytes_max must be at least"},
      {"exchange_log { file_bytes_max: -1 }", "exchange_log.file_bytes_max must be at least"},
      {"exchange_log { old_files_max: -1 }", "exchange_log.old_files_max must be 0 to 1000"},
      {"exchange_log { old_files_max: 1001 }", "exchange_log.old_files_max must be 0 to 1000"},
  };
  for (const auto& [text, expected] : kCases) {
    EXPECT_THAT(Parse(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(expected)))
        << text;
  }
}

}  // namespace
}  // namespace campaigner::services

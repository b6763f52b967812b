#include "server/webhooks/signing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/status_matchers.h"

namespace campaigner::webhooks {
namespace {

using ::campaigner::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

nlohmann::json Vectors() {
  std::ifstream file(CAMPAIGNER_SOURCE_DIR "/tests/golden/webhook_signatures.json");
  return nlohmann::json::parse(file)["vectors"];
}

TEST(SigningTest, PublishedVectors) {
  const nlohmann::json vectors = Vectors();
  ASSERT_THAT(vectors, SizeIs(7));
  for (const auto& vector : vectors) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    const int64_t timestamp = vector["webhook_timestamp"];
    const absl::Time now = absl::FromUnixSeconds(timestamp);
    domain::WebhookSecrets secrets;
    ASSERT_OK_AND_ASSIGN(secrets.current, ParseWebhookSecret(std::string(vector["secrets"][0])));
    if (vector["secrets"].size() > 1) {
      ASSERT_OK_AND_ASSIGN(secrets.previous, ParseWebhookSecret(std::string(vector["secrets"][1])));
      secrets.previous_expire_time = now + absl::Hours(1);
    }
    EXPECT_EQ(SignatureHeader(secrets, std::string(vector["webhook_id"]), now,
                              std::string(vector["body"])),
              vector["webhook_signature"].get<std::string>());
  }
}

TEST(SigningTest, PreviousSecretSignsUntilItExpires) {
  const absl::Time expiry = absl::FromUnixSeconds(1'767'225'600);
  const domain::WebhookSecrets secrets{.current = std::string(32, 'n'),
                                       .previous = std::string(32, 'o'),
                                       .previous_expire_time = expiry};
  EXPECT_THAT(SignatureHeader(secrets, "whd_1", expiry - absl::Seconds(1), "{}"),
              HasSubstr(" v1,"));
  EXPECT_EQ(SignatureHeader(secrets, "whd_1", expiry, "{}"),
            SignWebhook(secrets.current, "whd_1", absl::ToUnixSeconds(expiry), "{}"));
}

TEST(SigningTest, EveryPartOfTheContentCounts) {
  const std::string secret(32, 's');
  const std::string signature = SignWebhook(secret, "whd_1", 1, "{}");
  EXPECT_NE(SignWebhook(std::string(32, 't'), "whd_1", 1, "{}"), signature);
  EXPECT_NE(SignWebhook(secret, "whd_2", 1, "{}"), signature);
  EXPECT_NE(SignWebhook(secret, "whd_1", 2, "{}"), signature);
  EXPECT_NE(SignWebhook(secret, "whd_1", 1, "{ }"), signature);
}

TEST(SigningTest, SecretsAreRandomAndComeBackAsTheyWere) {
  const std::string secret = GenerateWebhookSecret();
  EXPECT_THAT(secret, SizeIs(32));
  EXPECT_NE(GenerateWebhookSecret(), secret);
  const std::string text = FormatWebhookSecret(secret);
  EXPECT_THAT(text, StartsWith("whsec_"));
  EXPECT_THAT(ParseWebhookSecret(text), testing::IsOkAndHolds(secret));
}

TEST(SigningTest, BrokenSecretsAreRefused) {
  const std::string good = FormatWebhookSecret(std::string(32, 's'));
  for (const std::string& bad :
       {std::string(), std::string("whsec_"), good.substr(6), "WHSEC_" + good.substr(6), good + "*",
        FormatWebhookSecret(std::string(23, 's')), FormatWebhookSecret(std::string(65, 's'))}) {
    EXPECT_THAT(ParseWebhookSecret(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

}  // namespace
}  // namespace campaigner::webhooks

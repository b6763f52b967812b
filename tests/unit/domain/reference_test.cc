#include "server/domain/reference.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/status_matchers.h"

namespace campaigner::domain {
namespace {

using ::campaigner::testing::HasReason;
using ::campaigner::testing::IsOkAndHolds;
using ::campaigner::testing::StatusIs;

const std::string kSecret(32, 'k');

TEST(ReferenceTest, IsTheIdAndTheStartOfItsHmac) {
  const ReferenceSigner signer(kSecret);
  // printf 21i3v9 | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
  EXPECT_EQ(signer.Sign({123'456'789}), "21i3v9-6dae84b6948774ea");
}

TEST(ReferenceTest, VerifiesWhatItSigned) {
  const ReferenceSigner signer(kSecret);
  for (const int64_t id : {int64_t{1}, int64_t{35}, int64_t{36}, int64_t{1'000'000'000'000},
                           std::numeric_limits<int64_t>::max()}) {
    for (const int32_t round : {0, 1, 36, std::numeric_limits<int32_t>::max()}) {
      const Referred referred{id, round};
      EXPECT_THAT(signer.Verify(signer.Sign(referred)), IsOkAndHolds(referred));
      EXPECT_EQ(signer.Sign(referred), ReferenceSigner(kSecret).Sign(referred));
    }
  }
}

// Receipts of what is under way come with the form that had no rounds.
TEST(ReferenceTest, TheFirstRoundIsNotWritten) {
  const ReferenceSigner signer(kSecret);
  EXPECT_EQ(signer.Sign({123'456'789, 0}), "21i3v9-6dae84b6948774ea");
  // printf 21i3v9.10 | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
  EXPECT_EQ(signer.Sign({123'456'789, 36}), "21i3v9.10-dc83745031585515");
  for (const char* other : {"21i3v9.0-6dae84b6948774ea", "21i3v9.-6dae84b6948774ea",
                            "21i3v9.1-6dae84b6948774ea", "21i3v9.-1-6dae84b6948774ea"}) {
    EXPECT_THAT(signer.Verify(other), HasReason("REFERENCE_INVALID")) << other;
  }
}

TEST(ReferenceTest, RefusesEveryChange) {
  const ReferenceSigner signer(kSecret);
  const std::string reference = signer.Sign({123'456'789});
  for (size_t i = 0; i < reference.size(); ++i) {
    for (int flip = 1; flip < 256; flip <<= 1) {
      std::string changed = reference;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      EXPECT_THAT(signer.Verify(changed), StatusIs(absl::StatusCode::kPermissionDenied)) << changed;
    }
    EXPECT_THAT(signer.Verify(reference.substr(0, i)), HasReason("REFERENCE_INVALID")) << i;
    EXPECT_THAT(signer.Verify(reference.substr(i + 1)), HasReason("REFERENCE_INVALID")) << i;
  }
}

TEST(ReferenceTest, RefusesOtherWaysToWriteIt) {
  const ReferenceSigner signer(kSecret);
  const std::string reference = signer.Sign({123'456'789});
  std::string upper = reference;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  const std::string mac = reference.substr(reference.find('-'));
  for (const std::string& other :
       {upper, "0" + reference, "+" + reference, " " + reference, reference + " ", reference + "0",
        reference + std::string(1, '\0'), mac, mac.substr(1), std::string("-"), std::string("1"),
        std::string(), "-1" + mac, "zzzzzzzzzzzzzzzzzzzz" + mac, std::string(100'000, '1')}) {
    EXPECT_THAT(signer.Verify(other), HasReason("REFERENCE_INVALID")) << other.substr(0, 40);
  }
  // Signed, but no message has such an id.
  EXPECT_THAT(signer.Verify(signer.Sign({0})), HasReason("REFERENCE_INVALID"));
  EXPECT_THAT(signer.Verify(signer.Sign({-5})), HasReason("REFERENCE_INVALID"));
}

TEST(ReferenceTest, SecretsDoNotMix) {
  // In turns on one thread: what a thread keeps for one must not serve the other.
  const ReferenceSigner mine(kSecret);
  const ReferenceSigner other(std::string(32, 'o'));
  const std::vector<ReferenceSigner> copies = {mine};
  std::set<std::string> references;
  for (int64_t id = 1; id <= 100; ++id) {
    const std::string reference = mine.Sign({id});
    references.insert(reference);
    references.insert(other.Sign({id}));
    EXPECT_THAT(other.Verify(reference), HasReason("REFERENCE_INVALID"));
    EXPECT_THAT(copies[0].Verify(reference), IsOkAndHolds(Referred{id}));
  }
  EXPECT_EQ(references.size(), 200u);
}

TEST(ReferenceTest, IsThreadSafe) {
  const ReferenceSigner signer(kSecret);
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&signer, t] {
      for (int64_t id = t * 1000 + 1; id < (t + 1) * 1000; ++id) {
        ASSERT_THAT(signer.Verify(signer.Sign({id})), IsOkAndHolds(Referred{id}));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace campaigner::domain

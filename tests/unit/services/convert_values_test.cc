#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/services/convert/time.h"
#include "server/services/convert/violations.h"
#include "server/services/convert/zone.h"
#include "server/services/request_id.h"
#include "tests/support/status_matchers.h"

namespace campaigner::services {
namespace {

using testing::IsOkAndHolds;
using testing::StatusIs;

google::protobuf::Timestamp Timestamp(int64_t seconds, int32_t nanos) {
  google::protobuf::Timestamp proto;
  proto.set_seconds(seconds);
  proto.set_nanos(nanos);
  return proto;
}

google::protobuf::Duration Duration(int64_t seconds, int32_t nanos) {
  google::protobuf::Duration proto;
  proto.set_seconds(seconds);
  proto.set_nanos(nanos);
  return proto;
}

TEST(TimeTest, GoesThereAndBackInMicroseconds) {
  for (const int64_t micros : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{1'800'000'000'123'456},
                               int64_t{-62'135'596'800'000'000}}) {
    google::protobuf::Timestamp proto;
    TimeToProto(absl::FromUnixMicros(micros), &proto);
    EXPECT_THAT(TimeFromProto(proto), IsOkAndHolds(absl::FromUnixMicros(micros)));
  }
  EXPECT_THAT(TimeFromProto(Timestamp(5, 1'999)), IsOkAndHolds(absl::FromUnixMicros(5'000'001)));
}

TEST(TimeTest, RefusesWhatIsNoTime) {
  for (const auto& bad : {Timestamp(253'402'300'800, 0), Timestamp(-62'135'596'801, 0),
                          Timestamp(0, -1), Timestamp(0, 1'000'000'000)}) {
    EXPECT_THAT(TimeFromProto(bad), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(DurationTest, RefusesWhatIsNoDuration) {
  EXPECT_THAT(DurationFromProto(Duration(1, 500'000'000)), IsOkAndHolds(absl::Milliseconds(1500)));
  EXPECT_THAT(DurationFromProto(Duration(-1, -500'000'000)),
              IsOkAndHolds(absl::Milliseconds(-1500)));
  for (const auto& bad : {Duration(315'576'000'001, 0), Duration(1, -1), Duration(-1, 1),
                          Duration(0, 1'000'000'000)}) {
    EXPECT_THAT(DurationFromProto(bad), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(DurationTest, OfAFieldHasDefaultAndLimits) {
  const auto read = [](bool has, int64_t seconds, Violations& violations) {
    return ReadDuration("d", has, Duration(seconds, 0), absl::Seconds(60), absl::Seconds(100),
                        violations);
  };
  Violations violations;
  EXPECT_EQ(read(false, 5, violations), absl::Seconds(60));
  EXPECT_EQ(read(true, 5, violations), absl::Seconds(5));
  EXPECT_EQ(read(true, 100, violations), absl::Seconds(100));
  EXPECT_TRUE(violations.empty());
  for (const int64_t bad : {0, -1, 101}) {
    Violations one;
    read(true, bad, one);
    EXPECT_FALSE(one.empty()) << bad;
  }
}

TEST(TimeZoneTest, Table) {
  const auto is_fine = [](const std::string& zone) {
    Violations violations;
    CheckTimeZone("z", zone, violations);
    return violations.empty();
  };
  for (const char* good : {"UTC", "Europe/Moscow", "America/Argentina/Buenos_Aires", "Etc/GMT+5"}) {
    EXPECT_TRUE(is_fine(good)) << good;
  }
  for (const char* bad : {"", "Mars/Olympus", "../../../etc/passwd", "/etc/localtime", "localtime",
                          "Fixed/UTC+01:00:00", "Europe/Moscow "}) {
    EXPECT_FALSE(is_fine(bad)) << bad;
  }
}

TEST(RequestIdTest, IsPrintableAscii) {
  const auto is_fine = [](const std::string& id) {
    Violations violations;
    CheckRequestId(id, violations);
    return violations.empty();
  };
  EXPECT_TRUE(is_fine(""));
  EXPECT_TRUE(is_fine("3f1c2f6e-0000-4000-8000-000000000000"));
  EXPECT_TRUE(is_fine(std::string(128, '~')));
  EXPECT_FALSE(is_fine(std::string(129, 'a')));
  EXPECT_FALSE(is_fine("a\nb"));
  EXPECT_FALSE(is_fine(std::string("a\0b", 3)));
  EXPECT_FALSE(is_fine("я"));
}

TEST(ViolationsTest, CountsCharactersNotBytes) {
  Violations violations;
  std::string four;
  for (int i = 0; i < 4; ++i) four += "я";
  violations.CheckText("t", four, 4);
  EXPECT_TRUE(violations.empty());
  violations.CheckText("t", four, 3);
  violations.CheckText("u", std::string("a\0b", 3), 10);
  violations.CheckRequired("v", "", 10);
  const auto found = base::GetErrorDetail(violations.ToStatus()).violations;
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].description, "must have at most 3 characters");
  EXPECT_EQ(found[1].description, "must not contain a NUL");
  EXPECT_EQ(found[2].description, "is required");
}

}  // namespace
}  // namespace campaigner::services

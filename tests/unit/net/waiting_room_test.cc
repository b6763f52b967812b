#include "server/net/waiting_room.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace campaigner::net {
namespace {

std::unique_ptr<Transfer> To(const std::string& destination) {
  return std::make_unique<Transfer>(
      HttpRequest(), [](const HttpResult&) {}, destination, SteadyTime());
}

// How many may start now.
int Started(WaitingRoom& room) {
  int count = 0;
  while (room.Next() != nullptr) ++count;
  return count;
}

TEST(WaitingRoomTest, FewConnectAtOnce) {
  WaitingRoom room(100, 50);
  for (int i = 0; i < 60; ++i) room.Add(To("a"));
  EXPECT_EQ(Started(room), WaitingRoom::kConnectingMax);
  for (int i = 0; i < 3; ++i) room.Connected("a");
  EXPECT_EQ(Started(room), 3);
  room.Leave("a", true);
  EXPECT_EQ(Started(room), 0);  // Those that try to connect are as many as before.
  room.Leave("a", false);
  EXPECT_EQ(Started(room), 1);
}

TEST(WaitingRoomTest, ADestinationIsBoundedInAll) {
  WaitingRoom room(100, 5);
  for (int i = 0; i < 20; ++i) room.Add(To("a"));
  EXPECT_EQ(Started(room), 5);
  for (int i = 0; i < 5; ++i) room.Connected("a");
  EXPECT_EQ(Started(room), 0);
  room.Leave("a", true);
  EXPECT_EQ(Started(room), 1);
  EXPECT_EQ(room.size(), 14u);
}

TEST(WaitingRoomTest, OneThatDoesNotAnswerHoldsUpNoOther) {
  WaitingRoom room(100, 50);
  for (int i = 0; i < 50; ++i) room.Add(To("dead"));
  EXPECT_EQ(Started(room), WaitingRoom::kConnectingMax);
  room.Add(To("alive"));
  EXPECT_EQ(Started(room), 1);
}

}  // namespace
}  // namespace campaigner::net

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/faulty_provider.h"
#include "tests/simulation/history.h"
#include "tests/simulation/random.h"
#include "tests/simulation/receivers.h"
#include "tests/support/core.h"
#include "tests/support/temp_dir.h"

namespace campaigner::simulation {

// One history of a server: random campaigns and sends, moody providers and receivers, people who
// pause and cancel, and sudden deaths; then peace, until everything has come to rest. The same seed
// gives the same history.
class World {
 public:
  explicit World(uint64_t seed);

  // Of campaigns; the account's is the second.
  static constexpr const char* kZones[] = {"UTC",          "Europe/Berlin",    "America/New_York",
                                           "Asia/Kolkata", "Australia/Sydney", "Pacific/Apia",
                                           "Africa/Cairo"};

  // What was broken; empty: nothing.
  std::vector<std::string> Run();

  struct Figures {
    size_t messages = 0;
    size_t handings = 0;
    int lives = 0;
    absl::Duration time;
  };
  Figures figures() const;

 private:
  void Start();
  void Crash();
  void AddRoute(const std::string& name, bool retry_unknown);
  void Receive(const providers::Receipt& receipt);

  void Act();
  void MakeCampaign();
  domain::Rate RandomRate();
  void SetTiming(domain::Campaign& campaign);
  void Send();
  void SendTo(int64_t campaign_id);
  domain::NewMessage MakeMessage(const domain::Campaign& campaign, SentMessage& sent);
  void MoveCampaign();
  void Apply(int64_t campaign_id, domain::CampaignVerb verb);
  void EditCampaign();
  void EditTiming(domain::Campaign& campaign);
  void CancelMessage();
  void DeleteCampaign();
  void ChangeMood();

  // Goes through everything that happens until `end`.
  void Advance(absl::Time end);
  void Settle();
  void MakePeace();
  bool IsAtRest();
  storage::Store& store() { return core_->store(); }
  // nullopt: there is none.
  std::optional<int64_t> AnyCampaign();

  Random random_;
  // Many messages for few places at slow providers, in campaigns that only order tells apart.
  const bool is_crowded_;
  testing::TempDir dir_;
  const absl::Time birth_;
  base::FakeClock clock_;
  History history_;
  StateWatch watch_{history_};
  Receivers receivers_;
  std::vector<std::unique_ptr<FaultyProvider>> providers_;
  std::vector<WorldRoute> routes_;
  testing::CoreOptions options_;
  std::unique_ptr<dispatch::ReceiptCollector> receipts_;
  std::unique_ptr<testing::Core> core_;
  int64_t account_id_ = 0;
};

}  // namespace campaigner::simulation

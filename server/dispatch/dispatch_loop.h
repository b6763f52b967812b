#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/dispatch/backoff.h"
#include "server/dispatch/breaker.h"
#include "server/dispatch/campaign_book.h"
#include "server/dispatch/dispatcher.h"
#include "server/dispatch/inbox.h"
#include "server/dispatch/lanes.h"
#include "server/dispatch/outcome_writer.h"
#include "server/dispatch/outcomes.h"
#include "server/dispatch/receipt_writer.h"
#include "server/domain/reference.h"

namespace campaigner::dispatch {

// What the Dispatcher's thread does, without the thread. Used by one thread, but for inbox().
class DispatchLoop {
 public:
  DispatchLoop(DispatcherOptions options, DispatchContext context);
  ~DispatchLoop();

  // Blocks on reads.
  absl::Status Start();
  // One round; answers when the next is due at the latest.
  absl::Time RunOnce();

  // From now on nothing is claimed or sent, and what was not sent is given back.
  void BeginDrain() { is_draining_ = true; }
  // Messages that are with providers, unanswered, or claimed for them.
  int64_t under_way() const;
  // All that was claimed is answered or given back, and no claim is on its way.
  bool is_answered() const;
  // Every outcome and receipt is stored.
  bool is_stored() const;
  int store_calls_pending() const;

  Inbox& inbox() { return *inbox_; }

 private:
  // Claims under way: while one is committed, the next queues up.
  static constexpr int kClaimsMax = 2;
  // What is held so long without one of its lane going out stands behind others: it is given back,
  // so that it may expire or be cancelled.
  static constexpr absl::Duration kHeldMax = absl::Seconds(2);

  // -- Reading the mail.
  void Deliver(Mail mail, absl::Time now);
  void OnCampaignChanged(int64_t campaign_id, absl::Time now);
  void OnOpened(CampaignRun& run, absl::Time now);
  void OnReady(const storage::Lane& lane, absl::Time now);
  void OnClaimed(ClaimResult result, absl::Time now);
  // `claim_time`: when they were asked for.
  void TakeIn(std::vector<storage::ClaimedMessage> messages, absl::Time claim_time, absl::Time now);
  void OnSubmitted(SubmitResult result, absl::Time now);
  void ListLanes(absl::Time now);

  // -- Claiming.
  bool MayWork() const;
  void Claim(absl::Time now, absl::Time& wake);
  std::vector<storage::LaneClaim> PlanClaims(absl::Time now, absl::Time& wake);
  void CountHeldOfAccounts(absl::Time now);

  // -- Giving back.
  void GiveBackBlocked(absl::Time now, absl::Time& wake);
  void GiveBack(LaneRun& lane, absl::Time now);

  // -- Sending.
  void SendAll(absl::Time& wake);
  void Send(RouteRun& route, absl::Time& wake);
  // Sees to it that the lane's first `count` messages may go at `now`: others leave the queue.
  void Prepare(const RouteRun& route, LaneRun& lane, int count, absl::Time now);
  // What ends the message's way for now; nullopt: it may go.
  std::optional<storage::OutcomeRecord> Refuse(LaneRun& lane, QueuedMessage& message,
                                               bool needs_text, absl::Time now);
  // As Refuse, for recipients on the account's stop-list.
  std::optional<storage::OutcomeRecord> RefuseStopped(const CampaignRun& run,
                                                      const storage::ClaimedMessage& claimed,
                                                      absl::Time now);
  // Puts the text together; what was rendered is measured too. As Refuse.
  std::optional<storage::OutcomeRecord> Compose(CampaignRun& run, QueuedMessage& message,
                                                absl::Time now);
  void Submit(RouteRun& route, std::vector<QueuedMessage> messages, absl::Time now);
  providers::Submission MakeSubmission(const RouteRun& route, const CampaignRun& run,
                                       QueuedMessage& message);
  void CountOutcome(RouteRun& route, const providers::SubmitOutcome& outcome, absl::Time now);
  AttemptRules RulesFor(const RouteRun& route, const InFlight& message, absl::Time now);

  RouteRun* FindRoute(int64_t route_id);
  void PublishFigures();
  // What holds campaigns up, a few times a second while something happens.
  void PublishOutlook(absl::Time now, absl::Time& wake);
  SendHint HintOf(RouteRun& route, const LaneRun& lane, absl::Time now) const;

  const DispatcherOptions options_;
  const DispatchContext context_;
  const std::shared_ptr<Inbox> inbox_;
  CampaignBook book_;
  OutcomeWriter outcomes_;
  ReceiptWriter receipts_;
  std::optional<domain::ReferenceSigner> signer_;
  // By provider_index.
  std::deque<Breaker> breakers_;
  std::vector<std::unique_ptr<RouteRun>> routes_;
  std::unordered_map<int64_t, RouteRun*> routes_by_id_;
  // Which route is asked first about claims: each gets its turn.
  size_t claim_turn_ = 0;
  // Which route sends first: rates that several routes share are shared fairly.
  size_t send_turn_ = 0;
  int claims_pending_ = 0;
  Backoff claim_backoff_;
  absl::Time next_outlook_time_ = absl::InfinitePast();
  absl::Time next_list_time_ = absl::InfinitePast();
  std::mt19937_64 random_;
  bool is_draining_ = false;
};

}  // namespace campaigner::dispatch

#pragma once

#include <algorithm>
#include <future>
#include <map>
#include <string>
#include <utility>

#include "server/domain/segments.h"
#include "tests/unit/dispatch/core_fixture.h"

namespace campaigner::testing {

// A core whose account may have a rate, with messages of all sizes and zones.
class PaceFixture : public CoreFixture {
 protected:
  // Before Start, where days pass: a wake-up for nothing every second would take its time.
  void LookRarely() {
    options_.dispatcher.list_interval = absl::Minutes(10);
    options_.dispatcher.claim_lease = options_.maintenance.claim_lease = absl::Minutes(30);
    options_.maintenance.poll_interval = absl::Minutes(5);
    options_.maintenance.sweep_interval = absl::Minutes(5);
  }

  static int64_t Messages(const ScriptedProvider::Given& /*given*/) { return 1; }
  static int64_t Segments(const ScriptedProvider::Given& given) {
    return domain::MeasureSms(given.submission.text).segments;
  }

  // The most units that any window of `period` saw, over all providers.
  int64_t FullestWindow(absl::Duration period,
                        int64_t (*units_of)(const ScriptedProvider::Given&)) {
    std::multimap<absl::Time, int64_t> gone;
    for (const auto& provider : providers_) {
      for (const auto& given : provider->given) gone.emplace(given.time, units_of(given));
    }
    int64_t fullest = 0;
    int64_t units = 0;
    auto first = gone.begin();
    for (const auto& [time, count] : gone) {
      units += count;
      for (; first->first + period <= time; ++first) units -= first->second;
      fullest = std::max(fullest, units);
    }
    return fullest;
  }

  size_t Given() const {
    size_t given = 0;
    for (const auto& provider : providers_) given += provider->given.size();
    return given;
  }

  void SetAccountRate(const domain::Rate& rate) {
    ASSERT_OK_AND_ASSIGN(domain::Account account, store().GetAccount(account_id_));
    account.rate = rate;
    ASSERT_OK(store().UpdateAccount(account).status());
  }

  // Texts of 1, 2, 3 .. segments, again and again.
  void SendTexts(int64_t campaign_id, int count, int segments_max) {
    storage::AcceptBatch batch;
    batch.account_id = account_id_;
    batch.now = clock_.Now();
    for (int i = 0; i < count; ++i) {
      domain::NewMessage& message = batch.messages.emplace_back();
      message.campaign_id = campaign_id;
      message.route_id = core_->routes().routes()[0].id;
      message.recipient = "79201234567";
      message.segments = 1 + i % segments_max;
      message.text = std::string(static_cast<size_t>(message.segments * 150), 'a');
    }
    Accept(std::move(batch));
  }

  int64_t Accept(storage::AcceptBatch batch) {
    std::promise<absl::StatusOr<storage::Accepted>> accepted;
    store().AcceptMessages(std::move(batch),
                           [&](auto result) { accepted.set_value(std::move(result)); });
    const auto result = accepted.get_future().get();
    EXPECT_OK(result);
    return result.ok() ? result->first_message_id : 0;
  }

  // One that follows its campaign's template, as imported recipients do.
  int64_t SendFollowing(int64_t campaign_id, domain::Fields fields,
                        const std::string& recipient = "79201234567") {
    storage::AcceptBatch batch;
    batch.account_id = account_id_;
    batch.now = clock_.Now();
    domain::NewMessage& message = batch.messages.emplace_back();
    message.campaign_id = campaign_id;
    message.route_id = core_->routes().routes()[0].id;
    message.recipient = recipient;
    message.fields = std::move(fields);
    return Accept(std::move(batch));
  }

  domain::Campaign Rated(int32_t limit, absl::Duration period,
                         domain::RateUnit unit = domain::RateUnit::kMessages) const {
    domain::Campaign draft = Draft();
    draft.rate = {limit, period, unit};
    return draft;
  }
};

}  // namespace campaigner::testing

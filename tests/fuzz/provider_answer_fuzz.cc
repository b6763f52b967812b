#include <algorithm>
#include <string>
#include <utility>

#include "server/base/limits.h"
#include "server/base/text.h"
#include "server/providers/http.h"
#include "server/providers/kannel.h"
#include "tests/fuzz/input.h"

namespace {

namespace net = campaigner::net;
namespace providers = campaigner::providers;
using campaigner::fuzz::Require;

// Answers everything with the same.
class Answering final : public net::HttpClient {
 public:
  void Send(net::HttpRequest /*request*/, Done done) override {
    net::HttpResult result;
    result.response = response;
    done(std::move(result));
  }
  void Stop() override {}
  net::HttpResponse response;
};

void Check(providers::Provider& provider) {
  providers::Submission submission;
  submission.recipient = "79201234567";
  submission.text = "hello";
  submission.reference = "1-0";
  submission.receipt_url = "http://127.0.0.1/receipts/v1/p/1-0";
  int answers = 0;
  provider.Submit({submission}, [&](std::vector<providers::SubmitOutcome> outcomes) {
    ++answers;
    Require(outcomes.size() == 1);
    for (const std::string& text : {outcomes[0].detail, outcomes[0].provider_message_id}) {
      Require(campaigner::base::IsValidUtf8(text));
      Require(text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    }
    Require(outcomes[0].detail.size() <= campaigner::base::limits::kProviderDetailBytesMax);
  });
  Require(answers == 1);
}

}  // namespace

// The first byte stands for the status, the rest is the body of a provider's answer.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static auto* const kHttp = new Answering();
  static auto* const kKannel =
      providers::MakeKannelProvider("kannel", {.username = "me", .password = "secret"}, *kHttp)
          ->release();
  static auto* const kGeneric =
      providers::MakeHttpProvider(
          "generic", {.url = "http://127.0.0.1/", .message_id_pointer = "/result/id"}, *kHttp)
          ->release();
  constexpr int kStatuses[] = {200, 202, 204, 302, 400, 403, 404, 429, 500, 503};
  kHttp->response.status = kStatuses[data[0] % std::size(kStatuses)];
  kHttp->response.body = campaigner::fuzz::Text(data + 1, size - 1);
  Check(*kKannel);
  Check(*kGeneric);
  return 0;
}

// A webhook receiver that acknowledges everything: prints its port, then "done" once WEBHOOKS have
// come.
//
//   bench_webhook_receiver WEBHOOKS
#include "tests/support/webhook_receiver.h"

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto expected = static_cast<size_t>(std::atoll(argv[1]));
  campaigner::testing::WebhookReceiver receiver;
  receiver.SetKeep(false);
  std::printf("%d\n", receiver.port());
  std::fflush(stdout);
  // It gives up after a patient while; whoever counts on it sees how long it took.
  while (!receiver.WaitFor("/webhook", expected)) {
  }
  std::printf("done\n");
  return 0;
}

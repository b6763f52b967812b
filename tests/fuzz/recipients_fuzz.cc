#include <sstream>
#include <string>

#include "client/cli/recipients.h"
#include "tests/fuzz/input.h"

// Ends, whatever the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace cli = campaigner::cli;
  for (const cli::RecipientFormat format :
       {cli::RecipientFormat::kAuto, cli::RecipientFormat::kCsv, cli::RecipientFormat::kNdjson}) {
    std::istringstream in{std::string(campaigner::fuzz::Text(data, size))};
    cli::RecipientReader reader(in, format);
    size_t messages = 0;
    while (true) {
      const auto message = reader.Next();
      if (!message.ok() || !message->has_value()) break;
      campaigner::fuzz::Require(++messages <= size);
    }
  }
  return 0;
}

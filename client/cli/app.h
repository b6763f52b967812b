#pragma once

#include <ostream>

namespace campaigner::cli {

// The whole of campaignctl: what the process would print and end with (errors.h). Reads
// CAMPAIGNER_SERVER and CAMPAIGNER_KEY.
int RunCampaignctl(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

}  // namespace campaigner::cli

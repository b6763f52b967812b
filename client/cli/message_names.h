#pragma once

#include <map>
#include <string>

#include "campaigner/v1/message.pb.h"

// What options call states and reasons.
namespace campaigner::cli {

// From `first` to `last`.
std::map<std::string, v1::Message::State> StatesByName(v1::Message::State first,
                                                       v1::Message::State last);
std::map<std::string, v1::Message::Reason> ReasonsByName();

}  // namespace campaigner::cli

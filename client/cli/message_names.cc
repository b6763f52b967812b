#include "client/cli/message_names.h"

namespace campaigner::cli {

using v1::Message;

std::map<std::string, Message::State> StatesByName(Message::State first, Message::State last) {
  std::map<std::string, Message::State> states;
  for (int i = first; i <= last; ++i) {
    states[Message::State_Name(i)] = static_cast<Message::State>(i);
  }
  return states;
}

std::map<std::string, Message::Reason> ReasonsByName() {
  std::map<std::string, Message::Reason> reasons;
  for (int i = Message::Reason_MIN + 1; i <= Message::Reason_MAX; ++i) {
    if (Message::Reason_IsValid(i)) {
      reasons[Message::Reason_Name(i)] = static_cast<Message::Reason>(i);
    }
  }
  return reasons;
}

}  // namespace campaigner::cli

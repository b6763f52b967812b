#pragma once

#include <map>
#include <string>

#include "tests/support/live_system.h"

namespace campaigner::testing {

// What the O3GO pairs find: campaigns 1 (running, with a template of three fields), 2 (of another
// account), 3 (cancelled), 4 (closed to {{key}}), 5 (not started, five fields, five attempts); keys
// by the names in names().
class O3goWorld {
 public:
  O3goWorld();

  int port() const { return system_.gateway_port(); }
  // "{{key}}" and so on, to secrets.
  const std::map<std::string, std::string>& names() const { return names_; }

 private:
  LiveSystem system_;
  std::map<std::string, std::string> names_;
};

}  // namespace campaigner::testing

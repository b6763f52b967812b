#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace campaigner::imports {

// SHA-256 of what comes in pieces. For one thread at a time.
class FileHash {
 public:
  FileHash();
  void Add(std::string_view bytes);
  // 32 bytes. Nothing may be added after that.
  std::string Finish();

 private:
  std::shared_ptr<void> context_;
};

}  // namespace campaigner::imports

#pragma once

#include <httplib.h>

#include <memory>
#include <string>

#include "gateway/http/transport.h"

namespace campaigner::gateway::http {

struct Timeouts {
  absl::Duration idle;
  absl::Duration head;
  absl::Duration body;
  absl::Duration write;
};

// One connection as the HTTP library sees it: it reads the head that was read and checked
// beforehand, and nothing beyond. All waiting and all budgets are here. For one thread.
class BoundedStream final : public httplib::Stream {
 public:
  enum class Outcome { kOk, kClosed, kTimeout, kTooLarge };

  // `transport` must outlive it.
  BoundedStream(Transport& transport, const Timeouts& timeouts, std::string remote_address);

  // Waits for the first byte of the next request, at most the idle timeout.
  Outcome AwaitRequest();
  // Reads to the end of the head. kTooLarge past limits::kHeadBytesMax, kTimeout when it drips in.
  Outcome ReadHead();
  // What ReadHead read, to be checked and changed before the library reads it.
  std::string& head() { return head_; }
  // Reads a body of so many bytes.
  Outcome ReadBody(size_t size, std::string& body);
  // Sends what was gathered. False: the connection is gone.
  bool Flush();
  // From here on every write is sent at once.
  void SendAtOnce() { sends_at_once_ = true; }
  // Reads and drops what the other side still sends, until it ends or the time is over.
  void Linger(absl::Duration timeout);
  const std::string& remote_address() const { return remote_address_; }

  bool is_readable() const override { return head_position_ < head_.size(); }
  bool is_writable() const override { return !is_broken_; }
  ssize_t read(char* buffer, size_t size) override;
  ssize_t write(const char* bytes, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return transport_.socket(); }

 private:
  Outcome Receive(Deadline deadline);

  Transport& transport_;
  const Timeouts timeouts_;
  const std::string remote_address_;
  // Received and not yet part of a head or body: pipelined requests wait here.
  std::string received_;
  std::string head_;
  size_t head_position_ = 0;
  std::string outgoing_;
  bool sends_at_once_ = false;
  bool is_broken_ = false;
};

}  // namespace campaigner::gateway::http

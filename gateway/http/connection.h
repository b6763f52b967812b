#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gateway/http/message.h"
#include "gateway/http/request_reader.h"
#include "gateway/http/response_writer.h"
#include "gateway/http/transport.h"

namespace campaigner::gateway::http {

struct Timeouts {
  absl::Duration idle;
  absl::Duration head;
  absl::Duration body;
  absl::Duration write;
};

class Connection;

// What a connection asks of its event loop.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  // Has the request handled; the answer comes by OnAnswer, never before this returns.
  virtual void Serve(Connection& connection, Request request) = 0;
  // The same for a request whose body comes later, to what this returns (nullptr: nowhere).
  virtual std::unique_ptr<BodySink> OpenBody(Connection& connection, Request request) = 0;
  // Calls connection.RunStream on a thread of its own and then OnStreamEnd. False: there is none.
  virtual bool TryRunStream(Connection& connection, Response response) = 0;
  // So many bytes more of a large body or answer are held. False: too many are held, these must go.
  virtual bool TryKeepBytes(size_t bytes) = 0;
  // The same for bytes that are held in any case.
  virtual void KeepBytes(size_t bytes) = 0;
  virtual void DropBytes(size_t bytes) = 0;
  // OnTime is wanted then.
  virtual void NoteDeadline(Deadline deadline) = 0;
  // OnReady is wanted once others had their turn.
  virtual void ComeBackTo(Connection& connection) = 0;
  // Nothing more will be done: it is to be destroyed, later.
  virtual void OnOver(Connection& connection) = 0;
  // Where to read to.
  virtual std::span<char> buffer() = 0;
  virtual ResponseWriter& writer() = 0;
};

// One client's connection: reads requests one after another, has them handled, answers, until
// either side has enough. Never waits: it does what can be done now, and goes on when it is told
// that the socket is ready. On the event loop's thread, but for RunStream.
class Connection {
 public:
  // `host` and `handler` must outlive it.
  Connection(std::unique_ptr<Transport> transport, std::string remote_address,
             const Timeouts& timeouts, ConnectionHost& host, Handler& handler);

  // Once, first. `is_rejected`: whatever is asked is answered with 503, then it is closed.
  void Start(bool is_rejected);
  // The socket may be readable or writable.
  void OnReady();
  void OnAnswer(std::optional<Response> response);
  void OnStreamEnd(bool is_kept);
  // The sink of the body takes more.
  void OnResume();
  // If `now` is past its deadline, acts on it. Answers the deadline that it has then.
  Deadline OnTime(Deadline now);
  // Ends it after the request that it serves or has received, if any.
  void Close();
  // Cuts it. What it serves goes on until it is answered.
  void Abort();

  // Writes a streamed answer and waits for the client where it must. True: more requests may come.
  // On any thread, while the loop leaves it alone.
  bool RunStream(Response response);

  bool is_over() const { return state_ == State::kOver; }
  bool is_rejected() const { return is_rejected_; }
  // Since when it has been waiting for its next request; nothing while it does anything else.
  std::optional<Deadline> IdleSince() const;
  int socket() const { return transport_->socket(); }

 private:
  // kReceiving: the body goes to a sink; an answer may come meanwhile.
  enum class State {
    kHandshake,
    kReading,
    kReceiving,
    kServing,
    kStreaming,
    kWriting,
    kLingering,
    kOver
  };

  void Advance();
  // Each does what can be done now. False: wait for the socket or somebody else.
  bool Handshake();
  bool Read();
  bool Receive();
  bool Send();
  bool Linger();

  void OnPhase(RequestReader::Phase before);
  void ServeRequest();
  void OpenBody();
  void TakeBody();
  void BreakBody(int status, std::string_view message);
  void AwaitProgress();
  void OnBodyTime();
  void SendContinue();
  void Refuse(int status, std::string_view message);
  void StartSending();
  void AwaitRequest();
  bool TryKeepAnswer(size_t bytes);
  bool WritePiece(std::string_view piece);
  void ReleaseBytes();
  void SetDeadline(absl::Duration timeout);
  void End();

  const std::unique_ptr<Transport> transport_;
  const std::string remote_address_;
  const Timeouts timeouts_;
  ConnectionHost& host_;
  Handler& handler_;
  State state_ = State::kHandshake;
  RequestReader reader_;
  // Takes the body, from OpenBody to the answer.
  std::unique_ptr<BodySink> sink_;
  // The sink has enough for now.
  bool is_paused_ = false;
  // Bytes of the body since its deadline was last moved.
  size_t progress_bytes_ = 0;
  std::string outgoing_;
  size_t sent_ = 0;
  // Bytes of the request's body, then of its answer, that the host counts.
  size_t kept_bytes_ = 0;
  Deadline deadline_ = Deadline::max();
  Deadline idle_since_{};
  bool is_rejected_ = false;
  // Asked to end. Read by the thread of a stream.
  std::atomic<bool> is_closing_ = false;
  // No request follows what is being sent.
  bool is_last_ = false;
  // What the client still sends is dropped, so that the answer reaches it.
  bool is_refused_ = false;
};

}  // namespace campaigner::gateway::http

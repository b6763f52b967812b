#include "gateway/http/connection.h"

#include <algorithm>
#include <utility>

#include "gateway/limits.h"

namespace campaigner::gateway::http {
namespace {

using Phase = RequestReader::Phase;
using Step = Transport::Step;

// Steps (of one read buffer, mostly) before others have their turn.
constexpr int kStepsMax = 16;

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, std::string remote_address,
                       const Timeouts& timeouts, ConnectionHost& host, Handler& handler)
    : transport_(std::move(transport)),
      remote_address_(std::move(remote_address)),
      timeouts_(timeouts),
      host_(host),
      handler_(handler),
      reader_([&handler](std::string_view method, std::string_view target) {
        return handler.TakesStream(method, target);
      }) {}

void Connection::Start(bool is_rejected) {
  is_rejected_ = is_rejected;
  SetDeadline(is_rejected ? limits::kLingerTimeout : timeouts_.head);
  Advance();
}

void Connection::OnReady() {
  transport_->OnReadable();
  Advance();
}

void Connection::Advance() {
  bool goes_on = true;
  for (int step = 0; goes_on; ++step) {
    if (step == kStepsMax) return host_.ComeBackTo(*this);
    switch (state_) {
      case State::kHandshake: goes_on = Handshake(); break;
      case State::kReading: goes_on = Read(); break;
      case State::kReceiving: goes_on = Receive(); break;
      case State::kWriting: goes_on = Send(); break;
      case State::kLingering: goes_on = Linger(); break;
      case State::kServing:
      case State::kStreaming:
      case State::kOver: return;
    }
  }
}

bool Connection::Handshake() {
  const Step step = transport_->TryHandshake();
  if (step == Step::kClosed) End();
  if (step != Step::kDone) return false;
  if (is_rejected_) {
    Refuse(503, "all connections are taken: try again later");
  } else {
    AwaitRequest();
  }
  return true;
}

void Connection::AwaitRequest() {
  state_ = State::kReading;
  idle_since_ = std::chrono::steady_clock::now();
  SetDeadline(timeouts_.idle);
}

bool Connection::Read() {
  if (reader_.phase() == Phase::kComplete) {
    ServeRequest();
    return false;
  }
  if (reader_.phase() == Phase::kStream) {
    OpenBody();
    return true;
  }
  if (reader_.phase() == Phase::kRefused) {
    Refuse(reader_.refusal_status(), reader_.refusal());
    return true;
  }
  const std::span<char> buffer = host_.buffer();
  size_t received = 0;
  const Step step = transport_->TryRead(buffer.data(), buffer.size(), received);
  if (step == Step::kClosed) {
    if (reader_.phase() != Phase::kBody) {
      End();
      return false;
    }
    Refuse(400, "the body ended before its Content-Length");
    return true;
  }
  if (step != Step::kDone) {
    // Nothing is on its way, and nothing shall follow.
    if (is_closing_ && reader_.phase() == Phase::kIdle) End();
    return false;
  }
  const Phase before = reader_.phase();
  reader_.Append({buffer.data(), received});
  OnPhase(before);
  // Small ones are bounded by the number of connections, and are taken while large ones wait.
  const bool is_small = reader_.body_bytes() <= limits::kInlineBodyBytesMax;
  const size_t grown =
      is_small ? 0 : reader_.body_bytes() - std::min(kept_bytes_, reader_.body_bytes());
  if (grown > 0 && !host_.TryKeepBytes(grown)) {
    Refuse(503, "too many large requests at once: try again later");
    return true;
  }
  kept_bytes_ += grown;
  return true;
}

void Connection::OnPhase(Phase before) {
  const Phase now = reader_.phase();
  if (now == before) return;
  if (now == Phase::kHead) SetDeadline(timeouts_.head);
  if (now == Phase::kBody) {
    SetDeadline(timeouts_.body);
    if (reader_.check().expects_continue) SendContinue();
  }
}

// Few bytes on a connection that has been silent: they fit. If they do not, the client sends its
// body unasked after a while.
void Connection::SendContinue() {
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  size_t sent = 0;
  (void)transport_->TryWrite(kContinue, sent);
}

void Connection::ServeRequest() {
  state_ = State::kServing;
  deadline_ = Deadline::max();
  Request request = reader_.Take();
  request.client_address = remote_address_;
  host_.Serve(*this, std::move(request));
}

void Connection::OnAnswer(std::optional<Response> response) {
  if (!response) {
    response =
        handler_.Refuse(reader_.check().method, reader_.check().target, 500, "internal error");
  }
  ReleaseBytes();
  sink_.reset();
  if (reader_.phase() != Phase::kComplete) {
    // The rest of the body is nobody's; the answer is to reach the client all the same.
    is_refused_ = true;
    is_closing_ = true;
  }
  if (response->stream) {
    state_ = State::kStreaming;
    if (host_.TryRunStream(*this, *std::move(response))) return;
    response = handler_.Refuse(reader_.check().method, reader_.check().target, 503,
                               "too many streams are open");
  }
  if (!TryKeepAnswer(response->body.size())) {
    response = handler_.Refuse(reader_.check().method, reader_.check().target, 503,
                               "too many large answers at once: try again later");
  }
  is_last_ = !host_.writer().Write(reader_.check(), *std::move(response), is_closing_,
                                   [this](std::string_view piece) {
                                     outgoing_.append(piece);
                                     return true;
                                   });
  StartSending();
  Advance();
}

// Only what changed nothing may be asked for again: any other answer is kept, and what comes later
// has less room.
bool Connection::TryKeepAnswer(size_t bytes) {
  if (bytes <= limits::kWriteBufferBytes) return true;
  const std::string_view method = reader_.check().method;
  if (!host_.TryKeepBytes(bytes)) {
    if (method == "GET" || method == "HEAD") return false;
    host_.KeepBytes(bytes);
  }
  kept_bytes_ += bytes;
  return true;
}

bool Connection::RunStream(Response response) {
  ResponseWriter writer(timeouts_.idle);
  return writer.Write(reader_.check(), std::move(response), is_closing_,
                      [this](std::string_view piece) { return WritePiece(piece); });
}

bool Connection::WritePiece(std::string_view piece) {
  for (; !piece.empty(); piece.remove_prefix(std::min(limits::kWriteProgressBytes, piece.size()))) {
    const std::string_view next = piece.substr(0, limits::kWriteProgressBytes);
    if (!transport_->Write(next, DeadlineIn(timeouts_.write))) return false;
  }
  return true;
}

void Connection::OnStreamEnd(bool is_kept) {
  is_last_ = !is_kept;
  StartSending();
  Advance();
}

void Connection::Refuse(int status, std::string_view message) {
  ReleaseBytes();
  const HeadCheck& check = reader_.check();
  outgoing_ += FinalAnswer(handler_.Refuse(check.method, check.target, status, message));
  is_last_ = is_refused_ = true;
  StartSending();
}

void Connection::StartSending() {
  state_ = State::kWriting;
  SetDeadline(is_rejected_ ? limits::kLingerTimeout : timeouts_.write);
}

bool Connection::Send() {
  while (sent_ < outgoing_.size()) {
    size_t count = 0;
    const Step step = transport_->TryWrite(std::string_view(outgoing_).substr(sent_), count);
    if (step == Step::kClosed) End();
    if (step != Step::kDone) return false;
    const size_t before = sent_;
    sent_ += count;
    // Who goes on reading is given time for the next piece.
    if (before / limits::kWriteProgressBytes != sent_ / limits::kWriteProgressBytes) {
      SetDeadline(timeouts_.write);
    }
  }
  ReleaseBytes();
  sent_ = 0;
  outgoing_.clear();
  if (outgoing_.capacity() > limits::kWriteBufferBytes) outgoing_.shrink_to_fit();
  if (is_refused_) {
    transport_->FinishWriting();
    state_ = State::kLingering;
    SetDeadline(limits::kLingerTimeout);
    return true;
  }
  if (is_last_) {
    End();
    return false;
  }
  reader_.Next();
  AwaitRequest();
  OnPhase(Phase::kIdle);
  return true;
}

bool Connection::Linger() {
  const std::span<char> buffer = host_.buffer();
  size_t received = 0;
  const Step step = transport_->TryRead(buffer.data(), buffer.size(), received);
  if (step == Step::kClosed) End();
  return step == Step::kDone;
}

Deadline Connection::OnTime(Deadline now) {
  if (now < deadline_) return deadline_;
  if (sink_ != nullptr) {
    OnBodyTime();
  } else if (state_ == State::kReading && reader_.phase() == Phase::kHead) {
    Refuse(408, "the headers took too long");
  } else if (state_ == State::kReading && reader_.phase() == Phase::kBody) {
    Refuse(408, "the body took too long");
  } else {
    End();
  }
  Advance();
  return deadline_;
}

void Connection::Close() {
  is_closing_ = true;
  if (state_ == State::kHandshake) End();
  if (state_ == State::kReading) OnReady();
}

void Connection::Abort() {
  transport_->Abort();
  if (state_ == State::kReceiving) BreakBody(499, "the connection is cut");
  // Whoever serves it still answers, and finds it gone.
  if (state_ != State::kServing && state_ != State::kStreaming) End();
}

std::optional<Deadline> Connection::IdleSince() const {
  if (state_ != State::kReading || reader_.phase() != Phase::kIdle || is_closing_) return {};
  return idle_since_;
}

void Connection::ReleaseBytes() { host_.DropBytes(std::exchange(kept_bytes_, 0)); }

void Connection::SetDeadline(absl::Duration timeout) {
  deadline_ = DeadlineIn(timeout);
  host_.NoteDeadline(deadline_);
}

void Connection::End() {
  if (state_ == State::kOver) return;
  ReleaseBytes();
  deadline_ = Deadline::max();
  state_ = State::kOver;
  host_.OnOver(*this);
}

}  // namespace campaigner::gateway::http

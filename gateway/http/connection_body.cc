#include <utility>

#include "gateway/http/connection.h"
#include "gateway/limits.h"

// The part of a connection that brings a body to its sink while it comes.
namespace campaigner::gateway::http {

using Phase = RequestReader::Phase;
using Step = Transport::Step;

void Connection::OpenBody() {
  state_ = State::kReceiving;
  is_paused_ = false;
  Request request = reader_.Take();
  request.client_address = remote_address_;
  sink_ = host_.OpenBody(*this, std::move(request));
  if (sink_ == nullptr) {
    state_ = State::kServing;
    deadline_ = Deadline::max();
    return;
  }
  if (reader_.check().expects_continue) SendContinue();
  AwaitProgress();
}

bool Connection::Receive() {
  if (is_paused_) return false;
  TakeBody();
  if (state_ != State::kReceiving || is_paused_) return false;
  const std::span<char> buffer = host_.buffer();
  size_t received = 0;
  const Step step = transport_->TryRead(buffer.data(), buffer.size(), received);
  if (step == Step::kClosed) BreakBody(400, "the connection ended before the body");
  if (step != Step::kDone) return false;
  reader_.Append({buffer.data(), received});
  return true;
}

void Connection::TakeBody() {
  const std::string piece = reader_.TakeBody();
  if (!piece.empty()) {
    progress_bytes_ += piece.size();
    is_paused_ = !sink_->Take(piece);
    if (is_paused_ || progress_bytes_ >= limits::kStreamProgressBytes) AwaitProgress();
  }
  if (reader_.phase() == Phase::kComplete) {
    state_ = State::kServing;
    AwaitProgress();
    sink_->Finish();
  } else if (reader_.phase() == Phase::kRefused) {
    BreakBody(reader_.refusal_status(), reader_.refusal());
  }
}

void Connection::OnResume() {
  if (state_ != State::kReceiving || !is_paused_) return;
  is_paused_ = false;
  AwaitProgress();
  Advance();
}

void Connection::OnBodyTime() {
  if (state_ == State::kServing) {
    BreakBody(504, "the server did not answer in time");
  } else if (is_paused_) {
    BreakBody(504, "the server did not take the body in time");
  } else {
    BreakBody(408, "the body took too long");
  }
}

// The answer is the sink's, and still comes.
void Connection::BreakBody(int status, std::string_view message) {
  state_ = State::kServing;
  deadline_ = Deadline::max();
  sink_->Break(status, message);
}

void Connection::AwaitProgress() {
  progress_bytes_ = 0;
  SetDeadline(timeouts_.body);
}

}  // namespace campaigner::gateway::http

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/header_value.h"

namespace campaigner::gateway::http {

// The head of one part of a form.
struct FormPart {
  // The field's name. Never empty.
  std::string name;
  // As sent, folders included; empty where there is none.
  std::string file_name;
  // Empty: not said.
  std::string content_type;
};

// What a form's parts are given to, as they come.
class FormVisitor {
 public:
  virtual ~FormVisitor() = default;
  virtual void OnPart(const FormPart& part) = 0;
  // A piece of the part that came last. At least one byte.
  virtual void OnData(std::string_view piece) = 0;
};

// Takes a body of multipart/form-data (RFC 7578, RFC 2046) apart while it comes. Keeps the head of
// a part or the begin of what may be a boundary, never content: its memory is bounded by
// limits::kPartHeadBytesMax whatever comes. No I/O. Not thread-safe.
class MultipartParser {
 public:
  // The boundary that a Content-Type names. Nothing: it is no multipart/form-data, or the boundary
  // breaks RFC 2046, 5.1.1 (1 to 70 of certain characters, the last no blank).
  static std::optional<std::string> BoundaryOf(const HeaderValue& content_type);

  // `visitor` must outlive it.
  MultipartParser(std::string_view boundary, FormVisitor& visitor);

  // Takes what came. False: it is no such form, see error(); nothing more is taken.
  bool Append(std::string_view bytes);
  // The closing boundary came. What follows it is dropped.
  bool is_complete() const { return state_ == State::kEpilogue; }
  // Why Append failed: a clause about the body ("has a part without a name").
  std::string_view error() const { return error_; }

 private:
  enum class State { kPreamble, kBoundaryEnd, kHead, kData, kEpilogue, kBroken };

  // Each takes what it can off pending_. False: more is needed, or it is over.
  bool TakeData();
  bool TakeBoundaryEnd();
  bool TakeHead();
  bool ReadHead(std::string_view head);
  bool ReadHeader(std::string_view line, FormPart& part);
  bool Fail(std::string_view error);

  // CR LF, two hyphens, the boundary.
  const std::string delimiter_;
  FormVisitor& visitor_;
  State state_ = State::kPreamble;
  std::string pending_;
  size_t position_ = 0;
  // Bytes of the line end behind a part's head that are not passed yet: where the part is empty,
  // they may belong to the next boundary.
  size_t head_end_left_ = 0;
  size_t parts_ = 0;
  std::string_view error_;
};

}  // namespace campaigner::gateway::http

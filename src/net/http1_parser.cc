// After the head the framing is one of none, length, chunked or until the end (RFC 9112, 6.3). Threads: see the header.
#include "net/http1_parser.h"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace nanospan::net {
namespace {

constexpr std::size_t kChunkLineBytesMax = 256;  // size and extensions; extensions are legal, and nobody sends them

}  // namespace

Http1Parser::Step Http1Parser::fail(Http1Fault fault, std::size_t consumed) {
  fault_ = fault;
  state_ = State::kFault;
  return {Event::kFault, consumed, {}};
}

void Http1Parser::start_next() {
  reader_.reset();
  state_ = State::kHead;
  head_seen_ = false;
  left_ = body_bytes_ = 0;
  body_bytes_max_ = std::numeric_limits<std::uint64_t>::max();
  line_.clear();
  trailer_bytes_ = 0;
}

Http1Parser::Step Http1Parser::next(std::string_view input) {
  std::size_t consumed = 0;
  for (;;) {
    const std::string_view rest = input.substr(consumed);
    Step step;
    switch (state_) {
      case State::kHead:
        step = read_head(rest);
        break;
      case State::kFraming:
        if (const Http1Fault fault = choose_framing(); fault != Http1Fault::kNone) return fail(fault, consumed);
        continue;
      case State::kSized:
      case State::kChunkData:
      case State::kUntilClose:
        step = read_body(rest);
        break;
      case State::kChunkSize:
      case State::kChunkEnd:
      case State::kTrailers:
        step = read_line(rest);
        break;
      case State::kDone:
        return {Event::kDone, consumed, {}};
      case State::kFault:
        return {Event::kFault, consumed, {}};
    }
    consumed += step.consumed;
    step.consumed = consumed;
    const bool only_framing = step.event == Event::kNeedMore && (consumed < input.size() || state_ == State::kDone);
    if (!only_framing) return step;
  }
}

Http1Parser::Step Http1Parser::read_head(std::string_view input) {
  const std::size_t consumed = reader_.feed(input);
  if (reader_.fault() != Http1Fault::kNone) return fail(reader_.fault(), consumed);
  if (!reader_.complete()) return {Event::kNeedMore, consumed, {}};
  state_ = State::kFraming;
  head_seen_ = true;
  return {Event::kHead, consumed, {}};
}

void Http1Parser::skip_body() {
  assert(state_ == State::kFraming);
  state_ = State::kDone;
}

/// RFC 9112, 6.3: how long the body is. Runs after the caller has seen the head and set its limit.
Http1Fault Http1Parser::choose_framing() {
  const MessageHead& message = head();
  const bool response = role_ == Role::kResponses;
  const bool bodiless = response && (message.status / 100 == 1 || message.status == 204 || message.status == 304);
  if (bodiless) {
    state_ = State::kDone;
  } else if (message.chunked) {
    state_ = State::kChunkSize;
  } else if (message.content_length) {
    left_ = body_bytes_ = *message.content_length;
    if (body_bytes_ > body_bytes_max_) return Http1Fault::kBodyTooLarge;
    state_ = left_ == 0 ? State::kDone : State::kSized;
  } else {
    state_ = response ? State::kUntilClose : State::kDone;
  }
  return Http1Fault::kNone;
}

std::uint64_t Http1Parser::contiguous_body_left() const {
  if (state_ == State::kSized || state_ == State::kChunkData) return left_;
  return state_ == State::kUntilClose ? body_bytes_max_ - body_bytes_ : 0;
}

void Http1Parser::body_received(std::uint64_t bytes) {
  assert(bytes <= contiguous_body_left());
  if (state_ == State::kUntilClose) {
    body_bytes_ += bytes;
    return;
  }
  left_ -= bytes;
  if (left_ == 0) state_ = state_ == State::kSized ? State::kDone : State::kChunkEnd;
}

Http1Parser::Step Http1Parser::read_body(std::string_view input) {
  const std::uint64_t left = contiguous_body_left();
  if (input.empty()) return {Event::kNeedMore, 0, {}};
  if (left == 0) return fail(Http1Fault::kBodyTooLarge);  // only until-close bodies get here
  const std::string_view piece = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left, input.size())));
  body_received(piece.size());
  return {Event::kBody, piece.size(), piece};
}

/// Collects a line of framing and acts on it. Answers kNeedMore (go on) or kFault.
Http1Parser::Step Http1Parser::read_line(std::string_view input) {
  const std::size_t feed_at = input.find('\n');
  const bool whole_line = feed_at != std::string_view::npos;
  const std::size_t count = whole_line ? feed_at + 1 : input.size();
  const std::size_t limit = state_ == State::kTrailers ? trailer_bytes_max_ - trailer_bytes_ : kChunkLineBytesMax;
  if (line_.size() + count > limit) {
    return fail(state_ == State::kTrailers ? Http1Fault::kHeadTooLarge : Http1Fault::kBadChunk);
  }
  line_.append(input.substr(0, count));
  if (!whole_line) return {Event::kNeedMore, count, {}};
  if (!line_.ends_with("\r\n")) return fail(Http1Fault::kBareLineFeed, count);
  if (const Http1Fault fault = end_of_framing_line(); fault != Http1Fault::kNone) return fail(fault, count);
  line_.clear();
  return {Event::kNeedMore, count, {}};
}

Http1Fault Http1Parser::end_of_framing_line() {
  const std::string_view line = std::string_view(line_).substr(0, line_.size() - 2);
  if (state_ == State::kChunkSize) return chunk_size(line);
  if (state_ == State::kChunkEnd) {
    state_ = State::kChunkSize;
    return line.empty() ? Http1Fault::kNone : Http1Fault::kBadChunk;
  }
  trailer_bytes_ += line_.size();
  if (line.empty()) {
    state_ = State::kDone;
    return Http1Fault::kNone;
  }
  return read_field_line(line).fault;  // trailers are checked and dropped (RFC 9110, 6.5.1)
}

Http1Fault Http1Parser::chunk_size(std::string_view line) {
  std::uint64_t size = 0;
  const std::string_view digits = line.substr(0, line.find(';'));
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, size, 16);  // takes no sign, space or "0x"
  if (error != std::errc() || stop != end || !is_header_value(line)) return Http1Fault::kBadChunk;
  if (size == 0) {
    state_ = State::kTrailers;
    return Http1Fault::kNone;
  }
  if (size > body_bytes_max_ - body_bytes_) return Http1Fault::kBodyTooLarge;
  body_bytes_ += size;
  left_ = size;
  state_ = State::kChunkData;
  return Http1Fault::kNone;
}

bool Http1Parser::end_of_stream() {
  if (state_ == State::kUntilClose) state_ = State::kDone;
  return state_ == State::kDone;
}

}  // namespace nanospan::net

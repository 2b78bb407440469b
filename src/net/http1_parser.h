// Http1Parser: turns the bytes of one side of an HTTP/1 connection into heads and body pieces, message after message.
//
// Incremental and copy-free for bodies: next() is given what has been received and answers with the next event and how
// much of the input it used. A reader that wants the body straight in its own memory asks contiguous_body_left(),
// receives at most so many bytes there itself, and reports them with body_received().
//
//   chunked-body (RFC 9112, 7.1)   HEX [";" extension] CR LF  data CR LF  ...  "0" CR LF  *( trailer-field CR LF )  CR
//   LF
//
// Limits are hard: what exceeds them is a fault, and after a fault the connection cannot be used. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "net/http1_head.h"
#include "net/http_message.h"

namespace nanospan::net {

class Http1Parser {
 public:
  enum class Role { kRequests, kResponses };
  enum class Event {
    kNeedMore,  ///< All input is used; give more.
    kHead,      ///< head() is complete. Now is the time for set_body_limit() and skip_body().
    kBody,      ///< `body` is the next piece of the body, inside the input.
    kDone,      ///< The message is complete; call start_next() for another one.
    kFault,     ///< fault() says why.
  };
  struct Step {
    Event event = Event::kNeedMore;
    std::size_t consumed = 0;
    std::string_view body;
  };

  Http1Parser(Role role, const Http1Limits& limits)
      : role_(role), trailer_bytes_max_(limits.head_bytes_max), reader_(role == Role::kRequests, limits) {}

  Step next(std::string_view input);
  /// The peer closed its side. True if that completes the message (a response that lasts until the close).
  bool end_of_stream();
  void start_next();

  const MessageHead& head() const { return reader_.head(); }
  MessageHead take_head() { return reader_.take(); }
  std::string_view raw_head() const { return reader_.raw(); }
  Http1Fault fault() const { return fault_; }
  /// No byte of the next message has been seen.
  bool between_messages() const { return state_ == State::kHead && !reader_.begun(); }
  /// The head of the present message is complete.
  bool head_seen() const { return head_seen_; }
  /// A response whose length only the close of the connection tells.
  bool lasts_until_close() const { return state_ == State::kUntilClose; }

  /// After kHead: the most that the body may have; exceeding it is kBodyTooLarge, found before the bytes are read.
  void set_body_limit(std::uint64_t bytes) { body_bytes_max_ = bytes; }
  std::uint64_t body_limit() const { return body_bytes_max_; }
  /// After kHead: this message has no body whatever its head says (the answer to a HEAD request).
  void skip_body();

  /// How many bytes of body come next without any framing between; 0 outside of a body.
  std::uint64_t contiguous_body_left() const;
  /// The caller received `bytes` of them itself. REQUIRES: bytes <= contiguous_body_left().
  void body_received(std::uint64_t bytes);

 private:
  enum class State {
    kHead,
    kFraming,
    kSized,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailers,
    kUntilClose,
    kDone,
    kFault
  };

  Step read_head(std::string_view input);
  Http1Fault choose_framing();
  Step read_body(std::string_view input);
  Step read_line(std::string_view input);
  Http1Fault end_of_framing_line();
  Http1Fault chunk_size(std::string_view line);
  Step fail(Http1Fault fault, std::size_t consumed = 0);

  const Role role_;
  const std::size_t trailer_bytes_max_;
  HeadReader reader_;
  State state_ = State::kHead;
  Http1Fault fault_ = Http1Fault::kNone;
  std::uint64_t left_ = 0;        // of the sized body, or of the chunk
  std::uint64_t body_bytes_ = 0;  // announced so far
  std::uint64_t body_bytes_max_ = std::numeric_limits<std::uint64_t>::max();
  bool head_seen_ = false;
  std::string line_;  // a chunk-size or trailer line in the making
  std::size_t trailer_bytes_ = 0;
};

}  // namespace nanospan::net

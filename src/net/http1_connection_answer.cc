// Http1Connection: from the answer on: writing it, what to do with the rest of a refused body, and how to close.
// Threads: see the header.
#include "net/http1_connection.h"

#include <algorithm>
#include <array>
#include <limits>

#include "net/http1_writer.h"
#include "net/http_shard.h"
#include "net/refusal_text.h"

namespace nanospan::net {
namespace {

using C = HttpServerCounters;

}  // namespace

void Http1Connection::refuse(Http1Fault fault) {
  const int status = status_for(fault);
  shard_.count(status == 413                    ? &C::refused_body_too_large
               : status == 414 || status == 431 ? &C::refused_head_too_large
                                                : &C::refused_malformed);
  refuse(status, fault_text(fault, limits(), parser_.body_limit()));
}

void Http1Connection::refuse(int status, std::string_view reason) { refuse_body(status, reason, false); }

/// The parser must be where the body goes on, if the connection is to be kept.
void Http1Connection::refuse_body(int status, std::string_view reason, bool keep_connection) {
  keep_alive_ = keep_alive_ && keep_connection;
  body_unread_ = true;
  input_lost_ = false;
  Response response = shard_.handler().on_refused(status, reason, parser_.head_seen() ? &parser_.head() : nullptr);
  response.status = status;
  start_writing(std::move(response));
}

/// Of the body whose head has been read; in chunks, the most there is: only the parser finds their end.
std::uint64_t Http1Connection::body_to_come() const {
  const std::optional<std::uint64_t> length = parser_.head().content_length;
  return length ? *length - std::min(*length, body_received_) : std::numeric_limits<std::uint64_t>::max();
}

/// So little is still to come that reading it away costs less than a new connection.
bool Http1Connection::rest_is_short() const { return body_to_come() <= shard_.options().skip_body_bytes_max; }

void Http1Connection::start_writing(Response response) {
  keep_alive_ = keep_alive_ && !response.close && !shard_.draining();
  out_head_ = response_head(response, keep_alive_, shard_.date());
  out_body_ = head_only_ || !may_have_body(response.status) ? std::string() : std::move(response.body);
  out_sent_ = 0;
  ticket_.reset();
  peer_gone_ = Task();
  if (body_unread_) body_ = BodyBlock();
  set_deadline(shard_.loop().now() + shard_.options().write_nanos);
  state_ = State::kWriting;
}

bool Http1Connection::write_some() {
  std::array<iovec, 2> pieces{iovec{out_head_.data(), out_head_.size()}, iovec{out_body_.data(), out_body_.size()}};
  std::size_t skip = out_sent_;
  for (iovec& piece : pieces) {
    const std::size_t gone = std::min(skip, piece.iov_len);
    piece = {static_cast<char*>(piece.iov_base) + gone, piece.iov_len - gone};
    skip -= gone;
  }
  const IoResult result = stream_->write(pieces);
  if (result.state == IoResult::State::kWouldBlock) return false;
  if (result.state != IoResult::State::kDone) {
    close(&C::closed_by_peer_in_response);
    return false;
  }
  shard_.count(&C::bytes_sent, result.bytes);
  out_sent_ += result.bytes;
  if (out_sent_ == out_head_.size() + out_body_.size()) after_answer();
  return true;
}

void Http1Connection::after_answer() {
  shard_.count(&C::answered);
  out_head_.clear();
  std::string().swap(out_body_);
  if (!keep_alive_ || shard_.draining()) return linger();
  if (!body_unread_) return next_request();
  state_ = State::kSkipping;
  body_since_ = shard_.loop().now();
  body_received_ = 0;
  set_deadline(body_deadline());
}

void Http1Connection::next_request() {
  parser_.start_next();
  body_unread_ = false;
  state_ = State::kReading;
  set_deadline(shard_.loop().now() + shard_.options().idle_nanos);
  if (shard_.draining()) linger();
}

/// Closing a socket with unread bytes resets it, and the reset may overtake the answer (RFC 9112, 9.6): so the peer is
/// told that nothing more comes, and what it still sends is read away.
void Http1Connection::linger() {
  stream_->finish_writing();
  keep_rest({});
  state_ = State::kLingering;
  linger_bytes_ = body_unread_ && parser_.head_seen() && !shard_.draining() ? body_to_come() : 0;
  body_unread_ = true;
  body_since_ = shard_.loop().now();
  body_received_ = 0;
  lingered({});
}

/// A peer that writes all before it reads gets the time for it, at the pace of any body and without long pauses; one
/// that is done and does not close, or goes on for ever, does not.
void Http1Connection::lingered(std::string_view input) {
  body_received_ += input.size();
  if (body_received_ > shard_.options().linger_bytes_max) return close(&C::closed_linger);
  if (!body_unread_) return;  // nothing moves its deadline any more
  const base::MonotonicNanos now = shard_.loop().now();
  body_unread_ = body_received_ < linger_bytes_ && !chunks_end_in(input);
  const HttpServerOptions& options = shard_.options();
  set_deadline(body_unread_
                   ? std::min({body_deadline(), now + options.body_grace_nanos, body_since_ + options.linger_nanos_max})
                   : now + options.linger_nanos);
}

/// If the refused body comes in chunks: no more of them, or nothing that is one. (After a chunk over the limit the
/// parser cannot go on, though the peer does.)
bool Http1Connection::chunks_end_in(std::string_view input) {
  if (!parser_.head().chunked) return false;
  for (;;) {
    const Http1Parser::Step step = parser_.next(input);
    input.remove_prefix(step.consumed);
    if (step.event == Http1Parser::Event::kNeedMore) return false;
    if (step.event == Http1Parser::Event::kDone) return true;
    if (step.event == Http1Parser::Event::kFault) return parser_.fault() != Http1Fault::kBodyTooLarge;
  }
}

void Http1Connection::close(std::uint64_t C::*reason) {
  shard_.count(reason);
  state_ = State::kClosed;
}

}  // namespace nanospan::net

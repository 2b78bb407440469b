// Http1Connection: reading: what protocol it is, head and body of a request, and what came along of the next ones.
// Threads: see the header.
#include "net/http1_connection.h"

#include <algorithm>

#include "net/http_shard.h"

namespace nanospan::net {
namespace {

using C = HttpServerCounters;

constexpr std::size_t kReadBytes = 256u << 10;
// A chunk at least this long is received straight into the body; shorter ones would cost a system call each.
constexpr std::uint64_t kDirectChunkBytes = 16u << 10;
// RFC 9113, 3.4. It begins like a request of HTTP/1, so that a server that knows only that refuses it at once.
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

/// The first bytes of the connection: HTTP/2, HTTP/1, or too few to tell.
void Http1Connection::sniff(std::string_view input) {
  const std::size_t known = pending_.size();
  const std::size_t more = std::min(input.size(), kHttp2Preface.size() - known);
  if (input.substr(0, more) == kHttp2Preface.substr(known, more)) {
    pending_.append(input);
    pending_at_ = pending_.size();
    if (known + more == kHttp2Preface.size()) {
      state_ = State::kIsHttp2;
    } else {
      set_deadline(shard_.loop().now() + shard_.options().head_nanos);
    }
    return;
  }
  sniffing_ = false;
  const std::string first = std::exchange(pending_, {});
  pending_at_ = 0;
  if (!first.empty()) parse(first);
  if (state_ == State::kReading) parse(input);
}

bool Http1Connection::read_some() {
  if (pending_at_ < pending_.size()) {
    const std::string_view input = std::string_view(pending_).substr(pending_at_);
    pending_at_ = pending_.size();  // used up, unless parse() keeps a rest
    parse(input);
    if (pending_at_ == pending_.size()) keep_rest({});
    return true;
  }
  const std::uint64_t left = state_ == State::kReading ? parser_.contiguous_body_left() : 0;
  if (left >= kDirectChunkBytes || (left > 0 && parser_.head().content_length)) return read_into_body(left);
  const std::span<char> scratch = shard_.scratch();
  const iovec into{scratch.data(), scratch.size()};
  const IoResult result = stream_->read({&into, 1});
  if (result.state != IoResult::State::kDone) return handle_end(result);
  shard_.count(&C::bytes_received, result.bytes);
  drained_ = result.bytes < scratch.size();
  const std::string_view input(scratch.data(), result.bytes);
  sniffing_ ? sniff(input) : parse(input);
  return true;
}

bool Http1Connection::read_into_body(std::uint64_t left) {
  if (body_.room().empty() && !make_room(static_cast<std::size_t>(std::min<std::uint64_t>(left, kBodyBytesFirst)))) {
    return true;  // refused: there is an answer to write
  }
  const std::span<char> room = body_.room();
  const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>({left, kReadBytes, room.size()}));
  const iovec into{room.data(), want};
  const IoResult result = stream_->read({&into, 1});
  if (result.state != IoResult::State::kDone) return handle_end(result);
  shard_.count(&C::bytes_received, result.bytes);
  body_.wrote(result.bytes);
  body_received_ += result.bytes;
  parser_.body_received(result.bytes);
  drained_ = result.bytes < want;
  parse({});
  return true;
}

/// Nothing came: blocked, closed by the peer, or broken.
bool Http1Connection::handle_end(const IoResult& result) {
  if (result.state == IoResult::State::kWouldBlock) return false;
  if (state_ == State::kReading && !parser_.between_messages()) {
    close(parser_.head_seen() ? &C::closed_by_peer_in_body : &C::closed_by_peer_in_head);
  } else {
    state_ = State::kClosed;
  }
  return false;
}

void Http1Connection::parse(std::string_view input) {
  if (state_ == State::kLingering) return lingered(input);
  const bool was_between = parser_.between_messages();
  // A ClientHello: record type 22, version 3.x (RFC 8446, 5.1).
  const bool is_tls = was_between && input.starts_with("\x16\x03");
  for (;;) {
    const Http1Parser::Step step = parser_.next(input);
    input.remove_prefix(step.consumed);
    switch (step.event) {
      case Http1Parser::Event::kNeedMore:
        if (was_between && !parser_.head_seen()) set_deadline(shard_.loop().now() + shard_.options().head_nanos);
        return;
      case Http1Parser::Event::kHead:
        on_head(!input.empty());
        break;
      case Http1Parser::Event::kBody:
        keep_body(step.body);
        break;
      case Http1Parser::Event::kDone:
        if (state_ != State::kWriting || keep_alive_) keep_rest(input);  // else nothing that follows is served
        if (state_ == State::kReading) return dispatch();
        body_unread_ = false;  // refused, and all of it has come
        return state_ == State::kSkipping ? next_request() : void();
      case Http1Parser::Event::kFault:
        if (state_ == State::kSkipping) return linger();
        if (state_ != State::kReading) return;  // refused already
        body_received_ += input.size();         // of a body too large, what came along with its head
        if (is_tls) {
          shard_.count(&C::refused_malformed);
          return refuse(400,
                        "the client speaks TLS, this port does not; let it use http:// (OTLP exporters: insecure)");
        }
        return refuse(parser_.fault());
    }
    // If it was refused, the loop goes on to the body's end, and drops it here and now. To keep it would take memory,
    // which may be what there was none of.
  }
}

void Http1Connection::on_head(bool body_follows_in_input) {
  const MessageHead& head = parser_.head();
  shard_.count(&C::requests);
  keep_alive_ = head.keep_alive;
  head_only_ = head.method() == "HEAD";
  body_ = BodyBlock();
  body_received_ = 0;
  body_since_ = shard_.loop().now();
  Admission admission = shard_.handler().on_headers(head);
  const bool has_body = head.chunked || head.content_length.value_or(0) > 0;
  if (admission.accepted) {
    parser_.set_body_limit(admission.body_bytes_max);
    body_length_ = {admission.body_bytes_max, head.content_length.has_value()};
    if (head.content_length) body_length_.bytes_max = static_cast<std::size_t>(*head.content_length);
    ticket_ = std::move(admission.ticket);
    if (!has_body || head.content_length.value_or(0) > admission.body_bytes_max) return;  // the parser refuses
    return accept_body(body_follows_in_input);
  }
  shard_.count(&C::answered_by_handler_early);
  body_unread_ = has_body;
  // With Expect, the client may or may not send the body after a final answer: only a close makes that certain.
  if (has_body && (head.expects_continue || !rest_is_short())) keep_alive_ = false;
  start_writing(std::move(admission.response));
}

void Http1Connection::accept_body(bool body_follows_in_input) {
  set_deadline(body_deadline());
  if (parser_.head().expects_continue && !body_follows_in_input) {
    const iovec from{const_cast<char*>(kContinue.data()), kContinue.size()};
    const IoResult result = stream_->write({&from, 1});
    // All answers before it are written, so there is room; a stream that takes less is broken.
    if (result.state != IoResult::State::kDone || result.bytes != kContinue.size()) state_ = State::kClosed;
  }
}

/// Room for `more` body bytes, charged to the ticket first. False if refused.
bool Http1Connection::make_room(std::size_t more) {
  if (body_.make_room(more, body_length_, ticket_.get())) return true;
  shard_.count(&C::refused_ticket);
  refuse_body(503, "no memory for the body; try again later", rest_is_short());
  return false;
}

void Http1Connection::keep_body(std::string_view piece) {
  body_received_ += piece.size();
  if (body_unread_ || !make_room(piece.size())) return;
  body_.append(piece);
}

/// Remembers input that belongs to a later request: in place if it is the end of pending_ already.
void Http1Connection::keep_rest(std::string_view input) {
  if (!input.empty() && input.data() + input.size() == pending_.data() + pending_.size()) {
    pending_at_ = pending_.size() - input.size();
    return;
  }
  pending_ticket_.reset();
  input_lost_ = !input.empty() && !shard_.handler().on_input_kept(input.size(), pending_ticket_);
  if (input_lost_) shard_.count(&C::refused_ticket);
  std::string(input_lost_ ? std::string_view() : input).swap(pending_);  // an assignment would keep the memory
  pending_at_ = 0;
}

void Http1Connection::dispatch() {
  state_ = State::kAnswering;
  deadline_ = base::kNever;
  Request request{parser_.take_head(), body_.take(), std::move(ticket_), peer_, &shard_.loop(), false};
  Responder responder(shard_.loop().handle(), shard_.weak_from_this(), id_, 0);
  in_handler_ = true;
  shard_.handler().on_request(std::move(request), std::move(responder));
  in_handler_ = false;
}

}  // namespace nanospan::net

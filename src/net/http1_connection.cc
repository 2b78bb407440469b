// The state machine: head, body, answer, and the deadline of each; pipelined requests are served one by one. Threads:
// see the header.
#include "net/http1_connection.h"

#include <algorithm>
#include <array>
#include <limits>

#include "net/http1_shard.h"
#include "net/http1_writer.h"

namespace nanospan::net {
namespace {

using C = Http1ServerCounters;

// "Drain a socket before turning to the next" (measured-gateway.md): up to 16 reads a turn, of up to 256 KB each.
constexpr int kReadsPerTurn = 16;
constexpr int kRequestsPerTurn = 64;
constexpr std::size_t kReadBytes = 256u << 10;
// A chunk at least this long is received straight into the body; shorter ones would cost a system call each.
constexpr std::uint64_t kDirectChunkBytes = 16u << 10;
// RFC 9113, 3.4. It begins like a request of HTTP/1, so that a server that knows only that refuses it at once.
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

Http1Limits limits_of(const Http1ServerOptions& options) {
  return {options.start_line_bytes_max, options.head_bytes_max, options.head_fields_max};
}

std::string seconds(std::uint64_t nanos) { return std::to_string(nanos / base::kNanosPerSecond) + " s"; }

/// With the limit and what to do, where a limit was crossed.
std::string explain(Http1Fault fault, const Http1Limits& limits) {
  switch (fault) {
    case Http1Fault::kStartLineTooLong:
      return "the start line is longer than " + std::to_string(limits.start_line_bytes_max) +
             " bytes; send a shorter URL";
    case Http1Fault::kHeadTooLarge:
      return "the headers are larger than " + std::to_string(limits.head_bytes_max) +
             " bytes in all; send fewer or shorter ones";
    case Http1Fault::kTooManyFields:
      return "there are more than " + std::to_string(limits.head_fields_max) + " header fields; send fewer";
    default:
      return std::string(describe(fault));
  }
}

}  // namespace

Http1Connection::Http1Connection(Http1Shard& shard, std::uint64_t id, std::unique_ptr<ByteStream> stream,
                                 std::string peer)
    : shard_(shard),
      id_(id),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      sniffing_(shard.options().http2 != nullptr),
      parser_(Http1Parser::Role::kRequests, limits_of(shard.options())),
      timer_(shard.loop(), [this] { on_timer(); }) {}

Http1Connection::~Http1Connection() {
  if (stream_) stream_->unwatch(shard_.loop());
}

// --- Entry points: each ends in settle() ---

void Http1Connection::start() {
  set_deadline(shard_.loop().now() + shard_.options().idle_nanos);
  if (!stream_->watch(shard_.loop(), kReadable, *this).ok()) state_ = State::kClosed;
  settle();
}

void Http1Connection::on_ready(unsigned ready) {
  drained_ = false;
  if (state_ == State::kAnswering) {
    // While the handler has the request nothing is read, so a dead peer shows only here (and would show for ever).
    Task gone = (ready & (kFailed | kHungUp)) != 0 ? std::exchange(peer_gone_, Task()) : Task();
    if ((ready & kFailed) != 0) {
      close(&C::closed_by_peer_in_response);
    } else if ((ready & kHungUp) != 0 || !peer_gone_) {
      stream_->set_interest(shard_.loop(), 0);  // the next request is here already; it waits its turn
    } else {
      stream_->set_interest(shard_.loop(), kHungUp);
    }
    if (gone) {
      settle();
      return gone();  // who is told may answer, which may be the end of this connection
    }
  }
  run();
  settle();
}

void Http1Connection::answer(std::uint32_t /*stream*/, Response response) {
  if (state_ != State::kAnswering) return;
  start_writing(std::move(response));
  if (in_handler_) return;  // run() is on the stack and goes on when on_request() returns
  // Only written here, never read on: whoever answers must not find itself in on_request() of the next request.
  while (state_ == State::kWriting && write_some()) {
  }
  if (state_ == State::kReading && (input_lost_ || pending_at_ < pending_.size())) shard_.resume_later(id_);
  settle();
}

void Http1Connection::answer_missing(std::uint32_t stream) {
  Response response = shard_.handler().on_refused(500, "the request was not answered", nullptr);
  response.status = 500;
  answer(stream, std::move(response));
}

void Http1Connection::watch_peer(Task gone) {
  if (state_ != State::kAnswering) return;
  peer_gone_ = std::move(gone);
  stream_->set_interest(shard_.loop(), kHungUp);
}

void Http1Connection::resume() {
  run();
  settle();
}

void Http1Connection::drain() {
  drained_ = false;
  run();  // a request may be here already, unread
  if (state_ == State::kReading && parser_.between_messages()) state_ = State::kClosed;
  if (state_ == State::kSkipping) linger();
  if (state_ == State::kLingering) {
    linger_bytes_ = 0;
    lingered({});
  }
  settle();
}

void Http1Connection::settle() {
  if (in_handler_) return;
  switch (state_) {
    case State::kReading:
    case State::kSkipping:
    case State::kLingering:
      return stream_->set_interest(shard_.loop(), kReadable);
    case State::kAnswering:
      return;  // mostly nothing comes meanwhile, and two system calls are saved; on_ready() sees to the rest
    case State::kWriting:
      return stream_->set_interest(shard_.loop(), kWritable);
    case State::kIsHttp2:
      stream_->unwatch(shard_.loop());
      return shard_.switch_to_http2(id_, std::move(stream_), std::move(peer_), std::move(pending_));  // destroys this
    case State::kClosed:
      return shard_.remove(id_);  // destroys this
  }
}

void Http1Connection::on_timer() {
  const base::MonotonicNanos now = shard_.loop().now();
  if (now < deadline_) return timer_.arm(deadline_);  // the deadline moved on since the timer was armed
  switch (state_) {
    case State::kReading:
      if (parser_.between_messages()) {
        close(&C::closed_idle);
      } else if (!parser_.head_seen()) {
        shard_.count(&C::closed_head_slow);
        refuse(408, "the request's headers were not complete within " + seconds(shard_.options().head_nanos) +
                        "; send them at once, or raise the server's limit for them");
      } else if (now >= body_deadline()) {
        shard_.count(&C::closed_body_slow);
        refuse(408, "the request's body came too slowly: " + std::to_string(body_received_) + " bytes in " +
                        seconds(now - body_since_) + ", less than " +
                        std::to_string(shard_.options().body_bytes_per_second_min) +
                        " bytes a second; send smaller or compressed bodies");
      } else {
        set_deadline(body_deadline());
      }
      break;
    case State::kSkipping:
      if (now < body_deadline()) return set_deadline(body_deadline());
      close(&C::closed_body_slow);
      break;
    case State::kWriting:
      close(&C::closed_write_slow);
      break;
    case State::kLingering:
      close(&C::closed_linger);
      break;
    case State::kAnswering:
    case State::kIsHttp2:
    case State::kClosed:
      break;
  }
  run();
  settle();
}

void Http1Connection::run() {
  int reads = 0;
  int answers = 0;
  for (;;) {
    switch (state_) {
      case State::kReading:
      case State::kSkipping:
      case State::kLingering: {
        if (input_lost_ && state_ == State::kReading) {
          refuse(503, "no memory for pipelined requests; try again later");
          break;
        }
        const bool from_memory = pending_at_ < pending_.size();
        if (from_memory && ++answers > kRequestsPerTurn) return shard_.resume_later(id_);
        if (!from_memory && (drained_ || ++reads > kReadsPerTurn)) return;  // level-triggered: we are called again
        if (!read_some()) return;
        break;
      }
      case State::kWriting:
        if (!write_some()) return;
        break;
      case State::kAnswering:
      case State::kIsHttp2:
      case State::kClosed:
        return;
    }
  }
}

// --- Reading ---

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

/// Of the body whose head has been read; in chunks, the most there is: only the parser finds their end.
std::uint64_t Http1Connection::body_to_come() const {
  const std::optional<std::uint64_t> length = parser_.head().content_length;
  return length ? *length - std::min(*length, body_received_) : std::numeric_limits<std::uint64_t>::max();
}

/// So little is still to come that reading it away costs less than a new connection.
bool Http1Connection::rest_is_short() const { return body_to_come() <= shard_.options().skip_body_bytes_max; }

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

// --- Answering ---

void Http1Connection::refuse(Http1Fault fault) {
  const int status = status_for(fault);
  shard_.count(status == 413                    ? &C::refused_body_too_large
               : status == 414 || status == 431 ? &C::refused_head_too_large
                                                : &C::refused_malformed);
  refuse(status, explain(fault, limits_of(shard_.options())));
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
  const Http1ServerOptions& options = shard_.options();
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

void Http1Connection::set_deadline(base::MonotonicNanos at) {
  deadline_ = at;
  // Most deadlines are moved on before they come: the timer stays where it is and looks again when it fires.
  if (at < timer_.at()) timer_.arm(at);
}

/// By when the next byte of the body must have come, at the lowest allowed pace.
base::MonotonicNanos Http1Connection::body_deadline() const {
  const Http1ServerOptions& options = shard_.options();
  const std::uint64_t pace = std::max<std::uint64_t>(options.body_bytes_per_second_min, 1);
  return body_since_ + options.body_grace_nanos + body_received_ / pace * base::kNanosPerSecond;
}

}  // namespace nanospan::net

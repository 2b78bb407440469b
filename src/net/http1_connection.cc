// The state machine: entry points, turns and deadlines. Reading and answering have files of their own. Threads: see the
// header.
#include "net/http1_connection.h"

#include <algorithm>

#include "net/http_shard.h"
#include "net/refusal_text.h"

namespace nanospan::net {
namespace {

using C = HttpServerCounters;

// "Drain a socket before turning to the next" (measured-gateway.md): up to 16 reads a turn, of up to 256 KB each.
constexpr int kReadsPerTurn = 16;
constexpr int kRequestsPerTurn = 64;

}  // namespace

Http1Connection::Http1Connection(HttpShard& shard, std::uint64_t id, std::unique_ptr<ByteStream> stream,
                                 std::string peer)
    : shard_(shard),
      id_(id),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      sniffing_(shard.options().http2 != nullptr),
      parser_(Http1Parser::Role::kRequests, limits()),
      timer_(shard.loop(), [this] { on_timer(); }) {}

Http1Limits Http1Connection::limits() const {
  const HttpServerOptions& options = shard_.options();
  return {options.start_line_bytes_max, options.head_bytes_max, options.head_fields_max};
}

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
        refuse(408, "the request's headers were not complete within " + whole_seconds(shard_.options().head_nanos) +
                        "; send them at once, or raise the server's limit for them");
      } else if (now >= body_deadline()) {
        shard_.count(&C::closed_body_slow);
        refuse(408, body_too_slow_text(body_received_, now - body_since_, shard_.options().body_bytes_per_second_min));
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

// --- Time ---

void Http1Connection::set_deadline(base::MonotonicNanos at) {
  deadline_ = at;
  // Most deadlines are moved on before they come: the timer stays where it is and looks again when it fires.
  if (at < timer_.at()) timer_.arm(at);
}

/// By when the next byte of the body must have come, at the lowest allowed pace.
base::MonotonicNanos Http1Connection::body_deadline() const {
  const HttpServerOptions& options = shard_.options();
  const std::uint64_t pace = std::max<std::uint64_t>(options.body_bytes_per_second_min, 1);
  return body_since_ + options.body_grace_nanos + body_received_ / pace * base::kNanosPerSecond;
}

}  // namespace nanospan::net

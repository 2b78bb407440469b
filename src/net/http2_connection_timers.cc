// Http2Connection: everything that time decides. One timer, armed for the earliest of all deadlines; when it fires, all
// are looked at, and most have moved on.
#include <algorithm>

#include "net/http2_connection.h"
#include "net/http_shard.h"
#include "net/refusal_text.h"

namespace nanospan::net {
namespace {

using C = HttpServerCounters;

}  // namespace

void Http2Connection::on_timer() {
  const base::MonotonicNanos now = shard_.loop().now();
  // A check may also have set a deadline of what was looked at before it: the earliest counts.
  set_deadline(std::min({check_streams(now), check_connection(now), check_ending(now), check_keepalive(now)}));
}

// Each check answers when it wants to be asked again.

base::MonotonicNanos Http2Connection::check_streams(base::MonotonicNanos now) {
  base::MonotonicNanos next = base::kNever;
  for (auto& [id, stream] : streams_) {
    if (stream.state == Stream::State::kAnswered) continue;
    const bool in_body = stream.state == Stream::State::kBody;
    const base::MonotonicNanos pace = in_body ? body_deadline(stream) : base::kNever;
    if (now >= stream.answer_by.at) {
      shard_.count(&C::answer_deadlines);
      refuse(id, stream, 504, "the request's deadline has passed");
    } else if (now >= pace) {
      shard_.count(&C::closed_body_slow);
      const std::uint64_t taken = now - stream.body_since - (withheld_nanos() - stream.withheld_before);
      refuse(id, stream, 408,
             body_too_slow_text(stream.body.received(), taken, shard_.options().body_bytes_per_second_min));
    } else {
      next = std::min({next, pace, stream.answer_by.at});
    }
  }
  return next;
}

base::MonotonicNanos Http2Connection::check_connection(base::MonotonicNanos now) {
  if (closing_) return base::kNever;
  const base::MonotonicNanos head = base::later(headers_since_, shard_.options().head_nanos);
  const base::MonotonicNanos write = base::later(write_blocked_since_, shard_.options().write_nanos);
  const bool resting = streams_.empty() && ending_ == Ending::kNot;
  const base::MonotonicNanos idle = resting ? base::later(last_request_, options_->idle_nanos) : base::kNever;
  if (now >= head) {
    close(&C::closed_head_slow);
  } else if (now >= write) {
    break_off(&C::closed_write_slow);
  } else if (now >= idle) {
    shard_.count(&C::closed_idle);
    begin_ending();
  } else {
    return std::min({head, write, idle});
  }
  return base::kNever;
}

base::MonotonicNanos Http2Connection::check_ending(base::MonotonicNanos now) {
  if (now >= age_at_) {
    age_at_ = base::kNever;
    grace_until_ = base::later(now, options_->age_grace_nanos);
    if (ending_ == Ending::kNot) shard_.count(&C::closed_by_age);
    begin_ending();
  }
  if (now >= grace_until_) {
    grace_until_ = base::kNever;
    close(&C::closed_by_age);
  }
  if (ending_ == Ending::kNoticed && now >= ending_at_) last_goaway();
  return std::min({age_at_, grace_until_, ending_ == Ending::kNoticed ? ending_at_ : base::kNever});
}

base::MonotonicNanos Http2Connection::check_keepalive(base::MonotonicNanos now) {
  if (closing_) return base::kNever;
  if (pinged_at_ != base::kNever) {
    const base::MonotonicNanos given_up = base::later(pinged_at_, options_->ping_timeout_nanos);
    if (now < given_up) return given_up;
    break_off(&C::closed_ping_timeout);
    return base::kNever;
  }
  const base::MonotonicNanos due = base::later(last_received_, options_->ping_after_nanos);
  if (now < due) return due;
  pinged_at_ = now;
  session_->ping();
  link_->flush_soon();
  return base::later(now, options_->ping_timeout_nanos);
}

void Http2Connection::set_deadline(base::MonotonicNanos at) {
  if (at < timer_.at()) timer_.arm(at);
}

/// By when the next bytes must have come, at the lowest allowed pace; see "Pace" in the header.
base::MonotonicNanos Http2Connection::body_deadline(const Stream& stream) const {
  if (withheld_since_ != base::kNever) return base::kNever;
  const HttpServerOptions& options = shard_.options();
  const std::uint64_t pace = std::max<std::uint64_t>(options.body_bytes_per_second_min, 1);
  const std::uint64_t brought = std::min<std::uint64_t>(brought_ - stream.brought_before, stream.body.bytes_max());
  return stream.body_since + (withheld_nanos() - stream.withheld_before) + options.body_grace_nanos +
         brought / pace * base::kNanosPerSecond;
}

/// How long, since the connection began, the peer might send no bodies.
std::uint64_t Http2Connection::withheld_nanos() const {
  const bool now = withheld_since_ != base::kNever;
  return withheld_before_ + (now ? shard_.loop().now() - withheld_since_ : 0);
}

}  // namespace nanospan::net

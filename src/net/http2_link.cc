// A turn reads and writes a bounded number of times, so that one connection does not starve the loop. Threads: see the
// header.
#include "net/http2_link.h"

#include <algorithm>
#include <array>
#include <climits>

namespace nanospan::net {
namespace {

constexpr int kReadsPerTurn = 16;
constexpr int kWritesPerTurn = 16;
// Shorter rests of a frame are copied: an iovec of their own would cost as much.
constexpr std::size_t kDirectBytesMin = 4u << 10;

}  // namespace

Http2Link::Http2Link(EventLoop& loop, std::unique_ptr<ByteStream> stream, Http2Session& session,
                     std::span<char> scratch, std::uint64_t linger_nanos, Owner& owner)
    : loop_(loop),
      stream_(std::move(stream)),
      session_(session),
      scratch_(scratch),
      linger_nanos_(linger_nanos),
      owner_(owner),
      flush_timer_(loop, [this] { on_timer(); }) {}

Http2Link::~Http2Link() { stream_->unwatch(loop_); }

Status Http2Link::start(std::string_view received) {
  if (Status watched = stream_->watch(loop_, kReadable, *this); !watched.ok()) return watched;
  if (!received.empty()) {
    bytes_received_ += received.size();
    reading_ = session_.receive(received);
  }
  flush_soon();
  return {};
}

void Http2Link::on_ready(unsigned ready) {
  if (lingering_) {
    read_away();
    return round_over();
  }
  if ((ready & (kReadable | kFailed)) != 0) read_some();
  flush();
  round_over();
}

void Http2Link::flush_soon() {
  if (!lingering_ && !flush_timer_.armed()) flush_timer_.arm(loop_.now());
}

void Http2Link::break_off() {
  state_ = State::kBroken;
  flush_timer_.arm(loop_.now());
}

void Http2Link::on_timer() {
  if (lingering_) {
    state_ = State::kFinished;
  } else {
    flush();
  }
  round_over();
}

void Http2Link::read_away() {
  const iovec into{scratch_.data(), scratch_.size()};
  const IoResult result = stream_->read({&into, 1});
  if (result.state == IoResult::State::kEnd || result.state == IoResult::State::kBroken) state_ = State::kFinished;
}

void Http2Link::read_some() {
  for (int i = 0; i < kReadsPerTurn && reading_ && state_ == State::kOpen; ++i) {
    if (!read_once()) return;
  }
}

/// False if there is nothing more for now.
bool Http2Link::read_once() {
  // The rest of a DATA frame goes straight to its body; what follows it, to the scratch.
  std::span<char> direct;
  if (session_.data_left() >= kDirectBytesMin) {
    direct = session_.room_for_data();
    direct = direct.first(std::min(direct.size(), session_.data_left()));
  }
  const std::array<iovec, 2> both{iovec{direct.data(), direct.size()}, iovec{scratch_.data(), scratch_.size()}};
  const std::size_t skip = direct.empty() ? 1 : 0;
  const IoResult result = stream_->read(std::span(both).subspan(skip));
  switch (result.state) {
    case IoResult::State::kDone:
      break;
    case IoResult::State::kWouldBlock:
      return false;
    case IoResult::State::kEnd:
      state_ = State::kPeerClosed;
      return false;
    case IoResult::State::kBroken:
      state_ = State::kBroken;
      error_ = result.error;
      return false;
  }
  bytes_received_ += result.bytes;
  const std::size_t in_place = std::min(result.bytes, direct.size());
  if (in_place != 0) reading_ = session_.receive({direct.data(), in_place});
  const std::size_t rest = result.bytes - in_place;
  if (rest != 0 && reading_) reading_ = session_.receive({scratch_.data(), rest});
  return result.bytes == direct.size() + scratch_.size();
}

void Http2Link::flush() {
  flush_timer_.cancel();
  if (state_ != State::kOpen && state_ != State::kPeerClosed) return;
  std::array<iovec, 1024> pieces;
  static_assert(pieces.size() <= IOV_MAX);
  blocked_ = false;
  for (int turn = 0; turn < kWritesPerTurn; ++turn) {
    const std::size_t count = session_.gather(pieces);
    if (count == 0) return;
    const IoResult result = stream_->write({pieces.data(), count});
    if (result.state == IoResult::State::kDone) {
      bytes_sent_ += result.bytes;
      session_.sent(result.bytes);
      continue;
    }
    if (result.state == IoResult::State::kWouldBlock) break;
    state_ = State::kBroken;
    error_ = result.error;
    return;
  }
  blocked_ = true;  // or there was so much that others get their turn first
}

void Http2Link::round_over() {
  if (state_ == State::kOpen && !lingering_ && session_.finished()) {
    stream_->finish_writing();
    lingering_ = linger_nanos_ != 0;
    if (lingering_) {
      flush_timer_.arm(base::later(loop_.now(), linger_nanos_));
    } else {
      state_ = State::kFinished;
    }
  }
  if (lingering_) {
    stream_->set_interest(loop_, kReadable);
  } else if (state_ == State::kOpen) {
    stream_->set_interest(loop_, (reading_ ? kReadable : 0U) | (blocked_ ? kWritable : 0U));
  }
  owner_.on_link_round(state_);
}

}  // namespace nanospan::net

// Accepts, hands out connections, and pauses where descriptors run out. Threads: see the header.
#include "net/http_shard.h"

#include <cerrno>

#include "net/http1_writer.h"
#include "net/network.h"

namespace nanospan::net {
namespace {

// 64 KiB holds any head and most small bodies whole; larger bodies are received straight into their own block.
constexpr std::size_t kScratchBytes = 64u << 10;
constexpr std::size_t kBulkScratchBytes = 256u << 10;
constexpr int kAcceptsAtDrain = 64;
constexpr std::uint64_t kAcceptPauseNanos = 100 * base::kNanosPerMilli;

using C = HttpServerCounters;
constexpr std::array kCounters = {&C::connections_accepted,
                                  &C::connections_open,
                                  &C::connections_over_limit,
                                  &C::accept_failures,
                                  &C::requests,
                                  &C::answered,
                                  &C::answered_by_handler_early,
                                  &C::refused_malformed,
                                  &C::refused_head_too_large,
                                  &C::refused_body_too_large,
                                  &C::refused_ticket,
                                  &C::closed_idle,
                                  &C::closed_head_slow,
                                  &C::closed_body_slow,
                                  &C::closed_write_slow,
                                  &C::closed_linger,
                                  &C::closed_by_peer_in_head,
                                  &C::closed_by_peer_in_body,
                                  &C::closed_by_peer_in_response,
                                  &C::closed_by_drain,
                                  &C::unanswered,
                                  &C::answers_too_late,
                                  &C::bytes_received,
                                  &C::bytes_sent,
                                  &C::http2_connections,
                                  &C::http2_reset_by_peer,
                                  &C::http2_protocol_errors,
                                  &C::http2_floods,
                                  &C::http2_too_many_pings,
                                  &C::closed_ping_timeout,
                                  &C::closed_by_age,
                                  &C::answer_deadlines};
static_assert(sizeof(C) == kCounters.size() * sizeof(std::uint64_t), "a counter is missing above");

}  // namespace

void ConnectionPlaces::add(const std::shared_ptr<HttpShard>& shard) {
  Place& place = places_.emplace_back();
  place.loop = shard->loop().handle();
  place.shard = shard;
}

ConnectionPlaces::Place& ConnectionPlaces::take(std::size_t mine) {
  Place* least = &places_[mine];
  for (Place& place : places_) {
    if (place.open.load(std::memory_order_relaxed) < least->open.load(std::memory_order_relaxed)) least = &place;
  }
  least->open.fetch_add(1, std::memory_order_relaxed);
  return *least;
}

HttpShard::HttpShard(EventLoop& loop, std::shared_ptr<const HttpServerOptions> options,
                     std::shared_ptr<HttpHandler> handler, ConnectionShare share, Fd listener,
                     std::shared_ptr<const SocketFile> file)
    : loop_(loop),
      options_(std::move(options)),
      handler_(std::move(handler)),
      share_(std::move(share)),
      listener_(std::move(listener)),
      file_(std::move(file)),
      accept_again_(loop, [this] { start(); }),
      drain_timer_(loop,
                   [this] {
                     count(&C::closed_by_drain, connections_.size());
                     drop_connections();
                   }),
      scratch_(kScratchBytes) {}

HttpShard::~HttpShard() { close_all(); }

void HttpShard::join(std::shared_ptr<ConnectionPlaces> places, std::size_t mine) {
  places_ = std::move(places);
  mine_ = mine;
}

void HttpShard::start() {
  if (!loop_.watch(listener_.get(), kReadable, *this).ok()) pause_accepting();
}

void HttpShard::on_ready(unsigned /*ready*/) { accept_some(share_.accepts_per_turn); }

void HttpShard::accept_some(int count_max) {
  for (int i = 0; i < count_max; ++i) {
    Accepted accepted = loop_.network().accept(listener_.get());
    if (accepted.fd) {
      place(std::move(accepted));
    } else if (accepted.error_number == EMFILE || accepted.error_number == ENFILE || accepted.error_number == ENOMEM ||
               accepted.error_number == ENOBUFS) {
      return pause_accepting();
    } else if (accepted.error_number == 0) {
      return;
    } else {
      count(&C::accept_failures);  // a connection that died in the queue (ECONNABORTED, EPROTO, ...): on to the next
    }
  }
}

/// Out of descriptors the connection stays in the queue and the listener stays readable: without a pause the loop would
/// spin.
void HttpShard::pause_accepting() {
  count(&C::accept_failures);
  loop_.unwatch(listener_.get());
  accept_again_.arm(loop_.now() + kAcceptPauseNanos);
}

void HttpShard::place(Accepted accepted) {
  if (places_ == nullptr) return adopt(std::move(accepted));
  ConnectionPlaces::Place& place = places_->take(mine_);
  if (&place == &(*places_)[mine_]) return adopt(std::move(accepted));
  place.loop->post([weak = place.shard, moved = std::move(accepted)]() mutable {
    if (const auto shard = weak.lock()) shard->adopt(std::move(moved));
  });
}

void HttpShard::adopt(Accepted accepted) {
  count(&C::connections_accepted);
  const bool has_place = share_.open->fetch_add(1, std::memory_order_relaxed) < share_.connections_max;
  std::unique_ptr<ByteStream> stream;
  if (has_place) stream = loop_.network().open_stream(options_->make_stream, std::move(accepted.fd));
  if (!stream) {
    share_.open->fetch_sub(1, std::memory_order_relaxed);
    leave_place(1);
    if (!has_place && options_->on_over_limit) options_->on_over_limit();
    return count(has_place ? &C::accept_failures : &C::connections_over_limit);
  }
  const std::uint64_t id = ++last_id_;
  auto& connection = connections_[id];
  connection = std::make_unique<Http1Connection>(*this, id, std::move(stream), accepted.peer.text());
  count(&C::connections_open);
  connection->start();
  if (!draining_) return;
  // Another loop gave it here when the drain had begun. What was there when it began has been drained, this one not.
  if (const auto found = connections_.find(id); found != connections_.end()) found->second->drain();
}

void HttpShard::answer(std::uint64_t connection, std::uint32_t stream, Response response) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return count(&C::answers_too_late);
  found->second->answer(stream, std::move(response));
}

void HttpShard::answer_missing(std::uint64_t connection, std::uint32_t stream) {
  count(&C::unanswered);
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return count(&C::answers_too_late);
  found->second->answer_missing(stream);
}

void HttpShard::watch_peer(std::uint64_t connection, Task gone) {
  if (const auto found = connections_.find(connection); found != connections_.end()) {
    found->second->watch_peer(std::move(gone));
  }
}

std::span<char> HttpShard::bulk_scratch() {
  if (bulk_scratch_.empty()) bulk_scratch_.resize(kBulkScratchBytes);
  return bulk_scratch_;
}

void HttpShard::switch_to_http2(std::uint64_t connection, std::unique_ptr<ByteStream> stream, std::string peer,
                                std::string received) {
  count(&C::http2_connections);
  auto& place = connections_.at(connection);
  place = options_->http2(*this, connection, std::move(stream), std::move(peer), std::move(received));
  place->start();
}

void HttpShard::remove(std::uint64_t connection) {
  const auto gone = connections_.extract(connection);  // destroyed last: a ticket's destructor may call back
  closed(1);
  finish_drain_if_done();
}

void HttpShard::resume_later(std::uint64_t connection) {
  loop_.post([weak = weak_from_this(), connection] {
    const auto shard = weak.lock();
    if (!shard) return;
    const auto found = shard->connections_.find(connection);
    if (found != shard->connections_.end()) found->second->resume();
  });
}

void HttpShard::stop_accepting() {
  accept_again_.cancel();
  loop_.unwatch(listener_.get());
  file_.reset();
  listener_.reset();
}

void HttpShard::begin_drain(base::Deadline deadline, Task drained) {
  drained_.push_back(std::move(drained));
  if (!draining_ || deadline.at < drain_deadline_.at) {
    drain_deadline_ = deadline;
    drain_timer_.arm(deadline.at);
  }
  if (!draining_) {
    if (listener_) accept_some(kAcceptsAtDrain);  // what completed its handshake would be reset by closing the listener
    draining_ = true;
    stop_accepting();
    std::vector<std::uint64_t> ids;
    for (const auto& [id, connection] : connections_) ids.push_back(id);
    for (const std::uint64_t id : ids) {
      if (const auto found = connections_.find(id); found != connections_.end()) found->second->drain();
    }
  }
  finish_drain_if_done();
}

void HttpShard::finish_drain_if_done() {
  if (!draining_ || !connections_.empty()) return;
  drain_timer_.cancel();
  for (const Task& task : std::exchange(drained_, {})) task();
}

void HttpShard::closed(std::size_t how_many) {
  count(&C::connections_open, std::uint64_t{0} - how_many);
  share_.open->fetch_sub(how_many, std::memory_order_relaxed);
  leave_place(how_many);
}

void HttpShard::leave_place(std::size_t how_many) {
  if (places_ != nullptr) (*places_)[mine_].open.fetch_sub(how_many, std::memory_order_relaxed);
}

void HttpShard::drop_connections() {
  closed(connections_.size());
  const auto gone = std::exchange(connections_, {});  // see remove()
  finish_drain_if_done();
}

void HttpShard::close_all() {
  draining_ = true;
  stop_accepting();
  drop_connections();
  handler_.reset();
}

std::string_view HttpShard::date() {
  const base::UnixNanos now = loop_.clock().unix_now();
  if (const std::uint64_t second = now / base::kNanosPerSecond; second != date_second_) {
    date_second_ = second;
    date_ = http_date(now);
  }
  return date_;
}

void HttpShard::count(Counter counter, std::uint64_t by) {
  const std::atomic_ref<std::uint64_t> value(counters_.*counter);
  value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);  // one writer: no locked add
}

void HttpShard::add_to(HttpServerCounters& sum) const {
  for (const Counter counter : kCounters) {
    sum.*counter += std::atomic_ref<std::uint64_t>(counters_.*counter).load(std::memory_order_relaxed);
  }
}

}  // namespace nanospan::net

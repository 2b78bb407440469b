// Wires listeners, loops and shards; a Responder finds its connection again by its loop. Threads: see the header.
#include "net/http_server.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "net/http_shard.h"
#include "net/network.h"

namespace nanospan::net {
namespace {

Error address_error(const HttpServerOptions& options) {
  return Error{ErrorCode::kInvalidArgument, "listen address \"" + options.host +
                                                "\" is not an IP address; use 127.0.0.1, 0.0.0.0, :: or localhost, or "
                                                "the path of a unix socket, of at most " +
                                                std::to_string(SocketAddress::kUnixNameBytesMax) + " bytes"};
}

/// Tries the address without SO_REUSEPORT: with it, a second server on the same port would silently take half of the
/// connections.
Result<SocketAddress> claim(Network& network, const HttpServerOptions& options) {
  std::string host = options.host == "localhost" ? "127.0.0.1" : options.host;
  SocketAddress address;
  if (!SocketAddress::parse(host.empty() ? "::" : host, options.port, address)) return address_error(options);
  if (address.is_unix()) return address;  // is never shared
  Result<Network::Listener> probe = network.listen(address, false);
  if (!probe.ok() && host.empty() && SocketAddress::parse("0.0.0.0", options.port, address)) {
    probe = network.listen(address, false);  // a kernel without IPv6
  }
  if (!probe.ok()) return probe.error();
  return probe->address;
}

}  // namespace

// --- Responder ---

Responder::Responder(Responder&& other) noexcept
    : loop_(std::move(other.loop_)),
      shard_(std::move(other.shard_)),
      connection_(std::exchange(other.connection_, 0)),
      stream_(other.stream_) {}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    Responder dropped(std::move(*this));  // answers 500 if it was not used
    loop_ = std::move(other.loop_);
    shard_ = std::move(other.shard_);
    connection_ = std::exchange(other.connection_, 0);
    stream_ = other.stream_;
  }
  return *this;
}

Responder::~Responder() {
  if (valid()) deliver(Response{500, {}, {}, false}, true);
}

void Responder::respond(Response response) {
  assert(valid());
  deliver(std::move(response), false);
}

void Responder::on_peer_gone(Task gone) {
  assert(valid() && loop_->on_loop_thread());
  if (const std::shared_ptr<HttpShard> alive = shard_.lock()) alive->watch_peer(connection_, std::move(gone));
}

void Responder::deliver(Response response, bool unanswered) {
  auto finish = [shard = std::move(shard_), id = std::exchange(connection_, 0), stream = stream_,
                 answer = std::move(response), unanswered]() mutable {
    // Taken up on the loop's thread only, so that a shard never dies on another one.
    const std::shared_ptr<HttpShard> alive = shard.lock();
    if (!alive) return;
    if (unanswered) return alive->answer_missing(id, stream);
    alive->answer(id, stream, std::move(answer));
  };
  const std::shared_ptr<LoopHandle> loop = std::move(loop_);
  if (loop->on_loop_thread()) return finish();
  loop->post(std::move(finish));
}

bool HttpHandler::on_input_kept(std::size_t /*bytes*/, std::unique_ptr<BodyTicket>& /*ticket*/) { return true; }

Response HttpHandler::on_refused(int status, std::string_view reason, const MessageHead* /*head*/) {
  return {status, {{"Content-Type", "text/plain"}}, std::string(reason) + "\n", false};
}

// --- HttpServer ---

struct HttpServer::State {
  std::vector<EventLoop*> loops;
  std::vector<std::shared_ptr<HttpShard>> shards;
  std::uint16_t port = 0;
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(std::vector<EventLoop*> loops, HttpServerOptions options,
                                                      std::shared_ptr<HttpHandler> handler) {
  if (loops.empty()) return Error{ErrorCode::kInvalidArgument, "an HTTP server needs at least one event loop"};
  Network& network = loops.front()->network();
  Result<SocketAddress> address = claim(network, options);
  if (!address.ok()) return address.error();
  auto state = std::make_shared<State>();
  state->loops = loops;
  state->port = address->port();
  const auto shared = std::make_shared<const HttpServerOptions>(std::move(options));
  const bool one_queue = address->is_unix() && loops.size() > 1;  // the loop that wakes first takes from it
  ConnectionShare share;
  share.connections_max = std::max<std::size_t>(1, shared->connections_max / (one_queue ? 1 : loops.size()));
  share.open = std::make_shared<std::atomic<std::size_t>>(0);
  if (one_queue) share.accepts_per_turn = 1;
  std::vector<Fd> listeners;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    if (i != 0 && address->is_unix()) {
      Result<Fd> again = listen_with(listeners[0]);
      if (!again.ok()) return again.error();
      listeners.push_back(std::move(again).value());
      continue;
    }
    Result<Network::Listener> listener = network.listen(*address, loops.size() > 1);
    if (!listener.ok()) return listener.error();
    listeners.push_back(std::move(listener->fd));
  }
  const auto file = std::make_shared<const SocketFile>(*address);
  for (std::size_t i = 0; i < loops.size(); ++i) {
    if (!one_queue) share.open = std::make_shared<std::atomic<std::size_t>>(0);
    state->shards.push_back(
        std::make_shared<HttpShard>(*loops[i], shared, handler, share, std::move(listeners[i]), file));
  }
  if (loops.size() > 1 && !one_queue) {
    const auto places = std::make_shared<ConnectionPlaces>();
    for (const auto& shard : state->shards) places->add(shard);
    for (std::size_t i = 0; i < loops.size(); ++i) state->shards[i]->join(places, i);
  }
  for (std::size_t i = 0; i < loops.size(); ++i) {
    loops[i]->post([shard = state->shards[i]] { shard->start(); });
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::~HttpServer() {
  for (std::size_t i = 0; i < state_->shards.size(); ++i) {
    state_->loops[i]->post([shard = std::move(state_->shards[i])] { shard->close_all(); });
  }
}

std::uint16_t HttpServer::port() const { return state_->port; }

HttpServerCounters HttpServer::counters() const {
  HttpServerCounters sum;
  for (const auto& shard : state_->shards) shard->add_to(sum);
  return sum;
}

void HttpServer::begin_drain(base::Deadline deadline, Task drained) {
  struct Gathering {
    explicit Gathering(std::size_t count, Task task) : left(count), done(std::move(task)) {}
    std::atomic<std::size_t> left;
    Task done;
  };
  const auto gathering = std::make_shared<Gathering>(state_->shards.size(), std::move(drained));
  for (std::size_t i = 0; i < state_->shards.size(); ++i) {
    state_->loops[i]->post([shard = state_->shards[i], deadline, gathering] {
      shard->begin_drain(deadline, [gathering] {
        if (gathering->left.fetch_sub(1) == 1 && gathering->done) gathering->done();
      });
    });
  }
}

bool HttpServer::shutdown(base::Deadline deadline) {
  struct Gate {
    std::mutex mutex;
    std::condition_variable opened;
    bool open = false;
  };
  const auto gate = std::make_shared<Gate>();
  begin_drain(deadline, [gate] {
    const std::lock_guard lock(gate->mutex);
    gate->open = true;
    gate->opened.notify_all();
  });
  // The loops close everything at the deadline themselves; the slack is for them to get round to it.
  constexpr std::uint64_t kSlackNanos = 50 * base::kNanosPerMilli;
  constexpr std::uint64_t kWaitNanosMax = 24 * 3600 * base::kNanosPerSecond;
  const base::Clock& clock = state_->loops.front()->clock();
  const std::uint64_t left = std::min(deadline.left(clock.monotonic_now()), kWaitNanosMax) + kSlackNanos;
  std::unique_lock lock(gate->mutex);
  return gate->opened.wait_for(lock, std::chrono::nanoseconds(left), [&gate] { return gate->open; });
}

}  // namespace nanospan::net

// HttpShard: an HttpServer's part on one loop: the listener, the connections, the counters. Internal to the server.
//
// Everything is for the loop's thread, except snapshot(). Held by the server object, which gives it up on the loop's
// thread; Responders hold weak references, taken up on the loop's thread only.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/http1_connection.h"
#include "net/http_server.h"

namespace nanospan::net {

/// How many connections a shard may have, alone or together with others.
struct ConnectionShare {
  std::size_t connections_max = 1;
  std::shared_ptr<std::atomic<std::size_t>> open;  ///< By all that have this limit together.
  int accepts_per_turn = 64;                       ///< Before others get theirs.
};

class HttpShard;

/// Which loop a new connection goes to: the kernel deals them out by a hash of addresses, so of a few long-lived ones,
/// as gRPC has them, several would meet on one loop while another has none. Fixed once the first shard has started;
/// any thread.
class ConnectionPlaces {
 public:
  struct Place {
    std::shared_ptr<LoopHandle> loop;
    std::weak_ptr<HttpShard> shard;  ///< Taken up on its loop's thread only.
    std::atomic<std::size_t> open{0};
  };

  void add(const std::shared_ptr<HttpShard>& shard);
  Place& operator[](std::size_t number) { return places_[number]; }
  /// The one with the fewest connections, this one if it has no more; the connection counts there from now on.
  Place& take(std::size_t mine);

 private:
  std::deque<Place> places_;
};

class HttpShard final : public FdHandler, public std::enable_shared_from_this<HttpShard> {
 public:
  using Counter = std::uint64_t HttpServerCounters::*;

  HttpShard(EventLoop& loop, std::shared_ptr<const HttpServerOptions> options, std::shared_ptr<HttpHandler> handler,
            ConnectionShare share, Fd listener, std::shared_ptr<const SocketFile> file);
  ~HttpShard() override;

  /// This is number `mine` of `places`. Before any of them starts.
  void join(std::shared_ptr<ConnectionPlaces> places, std::size_t mine);
  /// Listens; tries again in a moment if the poller has no room.
  void start();
  void on_ready(unsigned ready) override;

  void answer(std::uint64_t connection, std::uint32_t stream, Response response);
  /// A Responder was dropped: 500, in the handler's form.
  void answer_missing(std::uint64_t connection, std::uint32_t stream);
  void watch_peer(std::uint64_t connection, Task gone);
  void begin_drain(base::Deadline deadline, Task drained);
  /// Closes everything and lets go of the handler.
  void close_all();

  // For the connections.
  EventLoop& loop() { return loop_; }
  const HttpServerOptions& options() const { return *options_; }
  HttpHandler& handler() { return *handler_; }
  bool draining() const { return draining_; }
  std::span<char> scratch() { return scratch_; }
  /// Larger, for HTTP/2, where the bodies of many streams come mixed; made when first used.
  std::span<char> bulk_scratch();
  std::string_view date();
  void count(Counter counter, std::uint64_t by = 1);
  void remove(std::uint64_t connection);
  /// The connection turned out to speak HTTP/2: another one takes its place, stream and bytes.
  void switch_to_http2(std::uint64_t connection, std::unique_ptr<ByteStream> stream, std::string peer,
                       std::string received);
  void resume_later(std::uint64_t connection);

  /// Any thread.
  void add_to(HttpServerCounters& sum) const;

 private:
  void accept_some(int count_max);
  void place(Accepted accepted);
  void adopt(Accepted accepted);
  void pause_accepting();
  void stop_accepting();
  void drop_connections();
  void finish_drain_if_done();
  void closed(std::size_t how_many);
  void leave_place(std::size_t how_many);

  EventLoop& loop_;
  const std::shared_ptr<const HttpServerOptions> options_;
  std::shared_ptr<HttpHandler> handler_;
  const ConnectionShare share_;
  Fd listener_;
  std::shared_ptr<ConnectionPlaces> places_;  // null: connections stay where they were accepted
  std::size_t mine_ = 0;
  std::shared_ptr<const SocketFile> file_;  // shared by all shards of the server; gone before the last listener is
  Timer accept_again_;
  Timer drain_timer_;
  std::unordered_map<std::uint64_t, std::unique_ptr<ServerConnection>> connections_;
  std::uint64_t last_id_ = 0;
  std::vector<char> scratch_;
  std::vector<char> bulk_scratch_;
  bool draining_ = false;
  base::Deadline drain_deadline_;
  std::vector<Task> drained_;
  std::string date_;
  std::uint64_t date_second_ = 0;
  mutable HttpServerCounters counters_{};  // each written on the loop's thread only, through atomic_ref
};

}  // namespace nanospan::net

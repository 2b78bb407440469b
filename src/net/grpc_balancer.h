// GrpcBalancer: the connections of a GrpcClient: to which addresses, which of them gets the next call, and when another
// is opened. Internal to the client.
//
//   kPickFirst   one backend, the host name: each connect looks it up and takes the first address that answers
//   kRoundRobin  a backend for each address of the name, calls in turn to those that are connected; the name is looked
//                up again when a connection ends or cannot be made (so also when a server sends its clients elsewhere)
//
// Loop thread only; owned by the channel. What it calls back comes from the loop, never from within pick() or open().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "net/connector.h"
#include "net/grpc_connection.h"
#include "net/resolver.h"

namespace nanospan::net {

class GrpcChannel;

class GrpcBalancer {
 public:
  explicit GrpcBalancer(GrpcChannel& channel);

  /// The connection for the next call; null: none has room now.
  GrpcConnection* pick();
  /// Calls wait: sees to it that all backends have a connection, or are about to have one.
  void open();
  /// And those that wait have no room: another connection to the backend that has the fewest, if it may have more
  /// and none is on its way there.
  void open_another();
  /// When open() has something to do that it cannot do now; kNever if only an event can help.
  base::MonotonicNanos next_try() const;

  /// It gets no more calls, and ends when those that it has are done.
  void retire(GrpcConnection& connection);
  /// It is over: destroyed.
  void discard(GrpcConnection& connection);
  /// Nobody waits for a connection any more.
  void nobody_waits();
  void drop_everything();

  bool connected() const;
  bool resolving() const;
  /// What is under way, for a message about a deadline.
  std::string_view phase() const;

 private:
  struct Backend {
    explicit Backend(Addresses the_addresses = {}) : addresses(std::move(the_addresses)) {}
    const Addresses addresses;  // none: the route's name, looked up by each connect
    std::unique_ptr<Connector> connector;
    std::vector<std::unique_ptr<GrpcConnection>> connections;  // those that take calls
    unsigned connect_failures = 0;
    base::MonotonicNanos connect_at = 0;
  };

  void connect(Backend& backend);
  void on_connected(Backend& backend, Connector::Outcome outcome);
  void connect_failed(Backend& backend, HttpFailure failure, std::string_view what);
  void resolve();
  void on_addresses(Result<Addresses> result);
  void fail_if_hopeless(HttpFailure failure, std::string_view what);
  std::uint64_t backoff(unsigned failures) const;

  GrpcChannel& channel_;
  const bool round_robin_;
  Resolver resolver_;
  std::vector<std::unique_ptr<Backend>> backends_;
  std::vector<std::unique_ptr<GrpcConnection>> retired_;
  std::size_t next_ = 0;  // of backends_, whose turn it is
  bool resolving_ = false;
  bool outdated_ = true;  // the addresses; of kRoundRobin
  unsigned resolve_failures_ = 0;
  base::MonotonicNanos resolve_at_ = 0;
};

}  // namespace nanospan::net

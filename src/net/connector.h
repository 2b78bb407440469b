// Connector: from a host name to a connected ByteStream: looks the name up, tries its addresses one after another, asks
// a proxy for a tunnel where there is one, and lets the stream agree with its peer (TLS).
//
// The caller's deadline ends it (cancel()); within it each address gets a fair share of the time, so that a black hole
// does not hide the address behind it, 20 s at most, and who took the connection 20 s to agree on the rest. Loop thread
// only; used for one connection. Nothing is called after cancel() or destruction, and the Connector may be destroyed
// from within the completion.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "net/byte_stream.h"
#include "net/event_loop.h"
#include "net/http_failure.h"
#include "net/proxy.h"
#include "net/proxy_tunnel.h"
#include "net/resolver.h"

namespace nanospan::net {

class Connector final : public FdHandler {
 public:
  struct Outcome {
    std::unique_ptr<ByteStream> stream;  ///< Null: it failed.
    HttpFailure failure = HttpFailure::kSystem;
    std::string message;
  };
  using OnDone = UniqueFunction<void(Outcome)>;

  /// `make_stream` may be empty: the plain socket.
  Connector(EventLoop& loop, Resolver& resolver, const StreamFactory& make_stream);
  ~Connector() override { cancel(); }

  /// `done` is called once, later, on the loop's thread.
  void connect(const Route& route, base::Deadline deadline, OnDone done);
  /// The same to addresses that are known. REQUIRES: there is one.
  void connect(Addresses addresses, base::Deadline deadline, OnDone done);
  void cancel();
  bool resolving() const { return resolving_; }
  /// "while connecting" and alike, for a message about a deadline.
  std::string_view phase() const;
  void on_ready(unsigned ready) override;

 private:
  void on_addresses(Result<Addresses> result);
  void connect_next();
  void connected();
  void tunnelled(Result<Fd> socket);
  void make_stream(Fd socket);
  void established(const Status& status);
  void on_timer();
  void note(int error);
  void drop();
  void unreachable(HttpFailure failure, std::string message);
  void finish(Outcome outcome);

  EventLoop& loop_;
  Resolver& resolver_;
  const StreamFactory& make_stream_;
  OnDone done_;
  base::Deadline deadline_;
  Addresses addresses_;
  std::size_t next_address_ = 0;
  int error_ = 0;  // of the addresses that failed; "refused" says more than the others
  Fd connecting_;
  std::string connect_head_;
  bool to_proxy_ = false;  // the addresses are a proxy's
  std::unique_ptr<ProxyTunnel> tunnel_;
  std::unique_ptr<ByteStream> establishing_;
  bool resolving_ = false;
  Timer timer_;                 // of an address: until it is connected; then until proxy and stream agree
  std::shared_ptr<bool> open_;  // tells a late resolver answer that nobody waits for it
};

}  // namespace nanospan::net

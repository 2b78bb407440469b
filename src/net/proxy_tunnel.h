// ProxyTunnel: asks an HTTP proxy for a tunnel (CONNECT; RFC 9110, 9.3.6) on a connected socket, which is the origin's
// afterwards. Internal to Connector.
//
// Not a byte that comes after the proxy's answer is taken from the socket: servers of HTTP/2 speak first. Loop thread
// only; `done` is called once, later, and may destroy the tunnel.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/event_loop.h"
#include "net/socket.h"
#include "net/unique_function.h"

namespace nanospan::net {

class ProxyTunnel final : public FdHandler {
 public:
  /// The socket, or why there is no tunnel: the proxy's status, or what else it said.
  using OnDone = UniqueFunction<void(Result<Fd>)>;

  /// `request` is the whole head that asks.
  ProxyTunnel(EventLoop& loop, Fd socket, std::string_view request, OnDone done);
  ~ProxyTunnel() override;

  void start();
  void on_ready(unsigned ready) override;

 private:
  static constexpr std::size_t kHeadBytesMax = 16u << 10;

  void send_some();
  void receive_some();
  void judge();
  void broken(int error);
  void fail(std::string what);
  void finish(Result<Fd> result);

  EventLoop& loop_;
  Fd socket_;
  std::string request_;  // what is not sent yet
  std::string head_;     // of the answer
  OnDone done_;
};

}  // namespace nanospan::net

// The kernel's network: each call is the function of the same name for sockets. Thread-safe.
#include "net/network.h"

#include <sys/socket.h>

#include "base/immortal.h"

namespace nanospan::net {
namespace {

class SystemNetwork final : public Network {
 public:
  Result<Listener> listen(const SocketAddress& address, bool share_port) override {
    Result<Fd> fd = listen_on(address, share_port);
    if (!fd.ok()) return fd.error();
    Result<SocketAddress> bound = local_address(fd->get());
    if (!bound.ok()) return bound.error();
    return Listener{std::move(fd).value(), *bound};
  }
  Accepted accept(int listener) override { return accept_on(listener); }
  ConnectStart start_connect(const SocketAddress& address) override { return net::start_connect(address); }
  int connect_result(int fd) override { return net::connect_result(fd); }
  IoResult send(int fd, std::string_view bytes) override {
    return io_result(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  IoResult receive(int fd, std::span<char> into, bool peek) override {
    return io_result(::recv(fd, into.data(), into.size(), peek ? MSG_PEEK : 0));
  }

 protected:
  std::unique_ptr<ByteStream> plain_stream(Fd socket) override { return make_socket_stream(std::move(socket)); }
};

}  // namespace

std::unique_ptr<ByteStream> Network::open_stream(const StreamFactory& make, Fd socket) {
  return make ? make(std::move(socket)) : plain_stream(std::move(socket));
}

Network& system_network() {
  static base::Immortal<SystemNetwork> network;  // as the clock: used until the process ends
  return *network;
}

}  // namespace nanospan::net

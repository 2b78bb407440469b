// Network: the seam between the loop and what its connections are made of: the kernel's sockets, or, in tests, a
// simulated network. It goes with the Poller, which tells when its descriptors are ready.
//
// Asked once a connection, and a few times more for a proxy's answer; all other bytes go through the ByteStream that it
// makes. The kernel's has no state and may be used on
// all threads at once; another one may be bound to its loop's thread.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "net/byte_stream.h"
#include "net/socket.h"

namespace nanospan::net {

class Network {
 public:
  virtual ~Network() = default;

  struct Listener {
    Fd fd;
    SocketAddress address;  ///< With the port that it got, where 0 was asked for.
  };
  /// As listen_on().
  virtual Result<Listener> listen(const SocketAddress& address, bool share_port) = 0;
  /// As accept_on(), start_connect() and connect_result().
  virtual Accepted accept(int listener) = 0;
  virtual ConnectStart start_connect(const SocketAddress& address) = 0;
  virtual int connect_result(int fd) = 0;
  /// As send(2) and recv(2) on a connected socket of which no stream is made yet; `peek` leaves the bytes where they
  /// are.
  virtual IoResult send(int fd, std::string_view bytes) = 0;
  virtual IoResult receive(int fd, std::span<char> into, bool peek) = 0;
  /// What `make` makes of a connected socket, or, if it is empty, the plain stream of this network. Null if it cannot.
  std::unique_ptr<ByteStream> open_stream(const StreamFactory& make, Fd socket);

 protected:
  virtual std::unique_ptr<ByteStream> plain_stream(Fd socket) = 0;
};

/// The kernel's. Lives for ever.
Network& system_network();

}  // namespace nanospan::net

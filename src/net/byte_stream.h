// ByteStream: the seam between a protocol (HTTP/1.1 today) and what carries its bytes: a socket, and later TLS over
// one.
//
// Non-blocking, for one loop's thread, one owner. A protocol registers fd() with its loop for readiness and moves bytes
// through read() and write() only, so that tests can put short, failing or reordered operations underneath it.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>

#include "net/socket.h"
#include "net/unique_function.h"

namespace nanospan::net {

struct IoResult {
  enum class State { kDone, kWouldBlock, kEnd, kBroken };  ///< kEnd: the peer will send nothing more (read only).
  State state = State::kDone;
  std::size_t bytes = 0;  ///< With kDone: how many were moved, at least 1.
  int error = 0;          ///< With kBroken: the errno.
};

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  virtual int fd() const = 0;
  virtual IoResult read(std::span<const iovec> into) = 0;
  virtual IoResult write(std::span<const iovec> from) = 0;
  /// Says that nothing more will be written; reading goes on.
  virtual void finish_writing() = 0;
};

/// Turns a connected socket into a stream; null if it cannot. The default is the socket itself. A server with several
/// loops calls it on all their threads.
using StreamFactory = UniqueFunction<std::unique_ptr<ByteStream>(Fd socket)>;
std::unique_ptr<ByteStream> make_socket_stream(Fd socket);

}  // namespace nanospan::net

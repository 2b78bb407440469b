// ByteStream: the seam between a protocol (HTTP/1.1, HTTP/2) and what carries its bytes: a socket, or TLS over one.
//
// Non-blocking, for one loop's thread, one owner. A protocol is told of readiness through watch() and moves bytes
// through read() and write() only, so that tests can put short, failing or reordered operations underneath it, and TLS
// can have bytes where the descriptor has none.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "net/socket.h"
#include "net/unique_function.h"

namespace nanospan::net {

struct IoResult {
  enum class State { kDone, kWouldBlock, kEnd, kBroken };  ///< kEnd: the peer will send nothing more (read only).
  State state = State::kDone;
  std::size_t bytes = 0;  ///< With kDone: how many were moved, at least 1.
  int error = 0;          ///< With kBroken: the errno.
};

/// Of what a system call that moves bytes has returned, and of errno.
IoResult io_result(ssize_t moved);

class EventLoop;
class FdHandler;

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  virtual int fd() const = 0;
  virtual IoResult read(std::span<const iovec> into) = 0;
  virtual IoResult write(std::span<const iovec> from) = 0;
  /// Says that nothing more will be written; reading goes on.
  virtual void finish_writing() = 0;

  /// As EventLoop's functions of these names, for this stream: kReadable means that read() has something to say, and
  /// kWritable the same of write(). By default, the descriptor's own readiness.
  virtual Status watch(EventLoop& loop, unsigned interest, FdHandler& handler);
  virtual void set_interest(EventLoop& loop, unsigned interest);
  virtual void unwatch(EventLoop& loop);

  /// For a client, before the first byte: agrees with the peer on what comes first (TLS: the handshake). `done` is
  /// called once, at once or later, and may destroy the stream; it is not called after the stream is destroyed.
  using OnEstablished = UniqueFunction<void(const Status&)>;
  virtual void establish(EventLoop& loop, OnEstablished done);

  /// What a kBroken with this `error` means, for a message.
  virtual std::string describe(int error) const;
};

/// Turns a connected socket into a stream; null if it cannot. The default is the plain one of the loop's Network. A
/// server with several loops calls it on all their threads.
using StreamFactory = UniqueFunction<std::unique_ptr<ByteStream>(Fd socket)>;
std::unique_ptr<ByteStream> make_socket_stream(Fd socket);

}  // namespace nanospan::net

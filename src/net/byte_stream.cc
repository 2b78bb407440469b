// The plain stream: one socket, its errors as results. Threads: see the header.
#include "net/byte_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include "net/event_loop.h"

namespace nanospan::net {

IoResult io_result(ssize_t moved) {
  if (moved > 0) return {IoResult::State::kDone, static_cast<std::size_t>(moved), 0};
  if (moved == 0) return {IoResult::State::kEnd, 0, 0};
  if (errno == EAGAIN || errno == EINTR) return {IoResult::State::kWouldBlock, 0, 0};
  return {IoResult::State::kBroken, 0, errno};
}

namespace {

class SocketStream final : public ByteStream {
 public:
  explicit SocketStream(Fd socket) : socket_(std::move(socket)) {}

  int fd() const override { return socket_.get(); }

  IoResult read(std::span<const iovec> into) override { return io_result(::readv(fd(), into.data(), count(into))); }

  IoResult write(std::span<const iovec> from) override {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(from.data());  // sendmsg only reads it
    message.msg_iovlen = static_cast<std::size_t>(count(from));
    return io_result(::sendmsg(fd(), &message, MSG_NOSIGNAL));
  }

  void finish_writing() override { ::shutdown(fd(), SHUT_WR); }

 private:
  static int count(std::span<const iovec> pieces) {
    return static_cast<int>(std::min<std::size_t>(pieces.size(), IOV_MAX));
  }

  Fd socket_;
};

}  // namespace

Status ByteStream::watch(EventLoop& loop, unsigned interest, FdHandler& handler) {
  return loop.watch(fd(), interest, handler);
}
void ByteStream::set_interest(EventLoop& loop, unsigned interest) { loop.set_interest(fd(), interest); }
void ByteStream::unwatch(EventLoop& loop) { loop.unwatch(fd()); }
void ByteStream::establish(EventLoop& /*loop*/, OnEstablished done) { done(Status()); }
std::string ByteStream::describe(int error) const { return std::generic_category().message(error); }

std::unique_ptr<ByteStream> make_socket_stream(Fd socket) { return std::make_unique<SocketStream>(std::move(socket)); }

}  // namespace nanospan::net

// What the tests of this module share: a loop on real sockets with a clock that only the test moves, and a bare TCP
// peer.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/byte_stream.h"
#include "net/event_loop.h"
#include "net/socket.h"
#include "tests/support/fake_clock.h"

namespace nanospan::net {

inline constexpr std::uint64_t kMillis = base::kNanosPerMilli;
inline constexpr std::uint64_t kSeconds = base::kNanosPerSecond;

class LoopTest : public ::testing::Test {
 protected:
  /// Runs the loop until `done()`; the kernel's own delays are waited for in the poller. Time stands still meanwhile.
  template <class Done>
  [[nodiscard]] bool run_until(Done done) {
    constexpr int kRoundsMax = 20'000;  // only a hung test gets there
    for (int i = 0; i < kRoundsMax && !done(); ++i) loop_->run_once({clock_.monotonic_now() + kMillis});
    return done();
  }
  /// Handles all that is under way, then moves the clock and handles what that brings due.
  void advance(std::uint64_t nanos) {
    settle();
    clock_.advance(nanos);
    settle();
  }
  /// Until nothing has happened for a few rounds.
  void settle() {
    for (int quiet = 0; quiet < 3;) {
      quiet = loop_->run_once({clock_.monotonic_now() + kMillis}) == 0 ? quiet + 1 : 0;
    }
  }

  testing::FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = std::move(EventLoop::create(clock_)).value();
};

/// A TCP client that sends and receives exactly what the test says.
class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port) {
    SocketAddress address;
    EXPECT_TRUE(SocketAddress::parse("127.0.0.1", port, address));
    ConnectStart start = start_connect(address);  // on loopback it stands at once, or will by the first send
    EXPECT_TRUE(start.fd) << start.error_number;
    fd_ = std::move(start.fd);
  }

  /// Sends what the socket takes; how much that was.
  std::size_t send(std::string_view bytes) {
    const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  /// Takes what has come; received() and ended() tell the rest.
  void receive() {
    char buffer[65536];
    for (;;) {
      const ssize_t count = ::recv(fd_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (count > 0) {
        received_.append(buffer, static_cast<std::size_t>(count));
        continue;
      }
      if (count == 0) ended_ = true;
      if (count < 0 && errno != EAGAIN) ended_ = reset_ = true;
      return;
    }
  }
  void finish_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_.reset(); }
  void reset() {
    const linger abort{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    fd_.reset();
  }

  const std::string& received() const { return received_; }
  bool ended() const { return ended_; }  ///< By FIN or reset.
  bool was_reset() const { return reset_; }
  /// How many whole responses (that end with their heads or have the given bodies) have begun.
  std::size_t count(std::string_view text) const {
    std::size_t found = 0;
    for (std::size_t at = received_.find(text); at != std::string::npos; at = received_.find(text, at + 1)) ++found;
    return found;
  }

 private:
  Fd fd_;
  std::string received_;
  bool ended_ = false;
  bool reset_ = false;
};

/// A stream whose peer never agrees on anything.
class MuteStream final : public ByteStream {
 public:
  explicit MuteStream(Fd socket) : socket_(std::move(socket)) {}
  int fd() const override { return socket_.get(); }
  IoResult read(std::span<const iovec>) override { return {IoResult::State::kWouldBlock}; }
  IoResult write(std::span<const iovec>) override { return {IoResult::State::kWouldBlock}; }
  void finish_writing() override {}
  void establish(EventLoop&, OnEstablished) override {}

 private:
  Fd socket_;
};

}  // namespace nanospan::net

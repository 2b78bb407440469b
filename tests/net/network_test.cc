// What a connection does, on the kernel's sockets and on the simulated network alike: the simulation is worth as much
// as this.
#include "net/network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tests/net/loop_fixture.h"
#include "tests/support/simulated_network.h"

namespace nanospan::net {
namespace {

using IoState = IoResult::State;

struct Noticed final : FdHandler {
  void on_ready(unsigned ready) override { seen = ready; }
  unsigned seen = 0;
};

class NetworkTest : public ::testing::TestWithParam<bool> {
 protected:
  NetworkTest() {
    if (!GetParam()) return;
    simulated_.emplace(clock_, 1);
    loop_ = std::make_unique<EventLoop>(clock_, simulated_->make_poller(), *simulated_);
  }
  Network& network() { return loop_->network(); }

  Network::Listener listen() {
    SocketAddress any;
    EXPECT_TRUE(SocketAddress::parse("127.0.0.1", 0, any));
    return network().listen(any, false).value();
  }
  void connect() {
    const Network::Listener listener = listen();
    ConnectStart start = network().start_connect(listener.address);
    ASSERT_TRUE(start.fd);
    if (start.in_progress) ready(start.fd.get(), kWritable);
    EXPECT_EQ(network().connect_result(start.fd.get()), 0);
    near_ = network().open_stream({}, std::move(start.fd));
    EXPECT_NE(ready(listener.fd.get(), kReadable), 0u);
    Accepted accepted = network().accept(listener.fd.get());
    ASSERT_TRUE(accepted.fd);
    EXPECT_TRUE(accepted.peer.text().starts_with("127.0.0.1:")) << accepted.peer.text();
    far_ = network().open_stream({}, std::move(accepted.fd));
    EXPECT_FALSE(network().accept(listener.fd.get()).fd);
  }
  /// What is seen of it, once something is.
  unsigned ready(int fd, unsigned interest) {
    Noticed noticed;
    EXPECT_TRUE(loop_->watch(fd, interest, noticed).ok());
    for (int i = 0; i < 20 && noticed.seen == 0; ++i) loop_->run_once({clock_.monotonic_now() + kMillis});
    loop_->unwatch(fd);
    return noticed.seen;
  }
  /// All of it, if the stream takes it.
  IoResult write(ByteStream& stream, std::string bytes) {
    IoResult result;
    std::size_t written = 0;
    while (written < bytes.size()) {
      const iovec from{bytes.data() + written, bytes.size() - written};
      result = stream.write({&from, 1});
      if (result.state != IoState::kDone) break;
      written += result.bytes;
    }
    written_ += written;
    return result;
  }
  /// Once there is something to say.
  IoResult read(ByteStream& stream, std::string* out = nullptr) {
    EXPECT_NE(ready(stream.fd(), kReadable) & kReadable, 0u);
    char buffer[100];
    const iovec into{buffer, sizeof buffer};
    const IoResult result = stream.read({&into, 1});
    if (out != nullptr) out->assign(buffer, result.bytes);
    return result;
  }

  testing::FakeClock clock_;
  std::optional<SimulatedNetwork> simulated_;
  std::unique_ptr<EventLoop> loop_ = std::move(EventLoop::create(clock_)).value();
  std::unique_ptr<ByteStream> near_, far_;
  std::size_t written_ = 0;
};
INSTANTIATE_TEST_SUITE_P(, NetworkTest, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "Simulated" : "Kernel"; });

TEST_P(NetworkTest, AnAddressIsTakenOnceAndRefusesWhenNobodyListens) {
  std::optional<Network::Listener> listener = listen();
  EXPECT_NE(listener->address.port(), 0);
  EXPECT_FALSE(network().listen(listener->address, false).ok());
  const SocketAddress address = listener->address;
  listener.reset();
  const ConnectStart start = network().start_connect(address);
  if (start.fd) ready(start.fd.get(), kWritable);
  EXPECT_EQ(start.fd ? network().connect_result(start.fd.get()) : start.error_number, ECONNREFUSED);
}

TEST_P(NetworkTest, AnEndLeavesTheOtherDirectionOpen) {
  connect();
  EXPECT_EQ(write(*near_, "hello").state, IoState::kDone);
  near_->finish_writing();
  EXPECT_EQ(write(*near_, "more").error, EPIPE);
  std::string got;
  std::string piece;
  while (read(*far_, &piece).state == IoState::kDone) got += piece;
  EXPECT_EQ(got, "hello");
  EXPECT_EQ(ready(far_->fd(), kReadable | kHungUp), kReadable | kHungUp);
  EXPECT_EQ(write(*far_, "y").state, IoState::kDone);
  EXPECT_EQ(read(*near_, &piece).state, IoState::kDone);
  EXPECT_EQ(piece, "y");
  far_->finish_writing();
  EXPECT_NE(ready(near_->fd(), 0) & kFailed, 0u) << "both directions have ended";
}

TEST_P(NetworkTest, WithoutAStreamBytesAreSeenBeforeTheyAreTaken) {
  const Network::Listener listener = listen();
  ConnectStart start = network().start_connect(listener.address);
  ASSERT_TRUE(start.fd);
  if (start.in_progress) ready(start.fd.get(), kWritable);
  EXPECT_EQ(network().send(start.fd.get(), "?").bytes, 1u);
  EXPECT_NE(ready(listener.fd.get(), kReadable), 0u);
  far_ = network().open_stream({}, network().accept(listener.fd.get()).fd);
  std::string got;
  EXPECT_EQ(read(*far_, &got).state, IoState::kDone);
  EXPECT_EQ(got, "?");

  char buffer[8];
  EXPECT_EQ(network().receive(start.fd.get(), buffer, true).state, IoState::kWouldBlock);
  EXPECT_EQ(write(*far_, "answer").state, IoState::kDone);
  std::size_t seen = 0;
  while (seen < 6) {  // all of it has arrived
    ASSERT_NE(ready(start.fd.get(), kReadable), 0u);
    seen = std::max(seen, network().receive(start.fd.get(), buffer, true).bytes);
    EXPECT_EQ(std::string_view(buffer, 1), "a");
  }
  EXPECT_EQ(network().receive(start.fd.get(), std::span(buffer).first(2), false).bytes, 2u);
  near_ = network().open_stream({}, std::move(start.fd));
  std::string piece;
  for (got.clear(); got.size() < 4; got += piece) ASSERT_EQ(read(*near_, &piece).state, IoState::kDone);
  EXPECT_EQ(got, "swer");
  far_.reset();
  EXPECT_EQ(read(*near_).state, IoState::kEnd);
}

TEST_P(NetworkTest, ClosingWithUnreadBytesResetsThePeer) {
  connect();
  EXPECT_EQ(write(*near_, "unread").state, IoState::kDone);
  EXPECT_NE(ready(far_->fd(), kReadable), 0u);
  far_.reset();
  EXPECT_NE(ready(near_->fd(), 0) & kFailed, 0u);
  EXPECT_EQ(read(*near_).error, ECONNRESET);
}

TEST_P(NetworkTest, WhatIsSentToAClosedStreamResetsTheSender) {
  connect();
  far_.reset();
  EXPECT_EQ(read(*near_).state, IoState::kEnd);
  EXPECT_EQ(write(*near_, "x").state, IoState::kDone);
  EXPECT_NE(ready(near_->fd(), 0) & kFailed, 0u);
  EXPECT_EQ(write(*near_, "x").state, IoState::kBroken);
}

TEST_P(NetworkTest, AFullStreamBlocksUntilItIsRead) {
  connect();
  const std::string much(100'000, 'x');
  IoResult result = write(*near_, much);
  while (result.state == IoState::kDone) result = write(*near_, much);
  EXPECT_EQ(result.state, IoState::kWouldBlock);
  std::size_t got = 0;
  while (got < written_) {
    const IoResult piece = read(*far_);
    ASSERT_EQ(piece.state, IoState::kDone);
    got += piece.bytes;
  }
  EXPECT_NE(ready(near_->fd(), kWritable) & kWritable, 0u);
}

TEST_P(NetworkTest, AStreamThatNobodyAcceptedIsResetWithItsListener) {
  std::optional<Network::Listener> listener = listen();
  ConnectStart start = network().start_connect(listener->address);
  ASSERT_TRUE(start.fd);
  EXPECT_NE(ready(start.fd.get(), kWritable) & kWritable, 0u);
  near_ = network().open_stream({}, std::move(start.fd));
  listener.reset();
  EXPECT_NE(ready(near_->fd(), 0) & kFailed, 0u);
}

}  // namespace
}  // namespace nanospan::net

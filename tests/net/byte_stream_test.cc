#include "net/byte_stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <vector>

namespace nanospan::net {
namespace {

using State = IoResult::State;

class SocketStream : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    near_ = make_socket_stream(Fd(ends[0]));
    far_ = make_socket_stream(Fd(ends[1]));
  }
  static IoResult write(ByteStream& stream, std::string bytes) {
    const iovec from{bytes.data(), bytes.size()};
    return stream.write({&from, 1});
  }
  static IoResult read(ByteStream& stream, std::string& out) {
    out.resize(100);
    const iovec into{out.data(), out.size()};
    const IoResult result = stream.read({&into, 1});
    out.resize(result.bytes);
    return result;
  }
  std::unique_ptr<ByteStream> near_, far_;
};

TEST_F(SocketStream, MovesBytesUntilTheEnd) {
  std::string got;
  EXPECT_EQ(read(*far_, got).state, State::kWouldBlock);
  EXPECT_EQ(write(*near_, "hello").bytes, 5u);
  EXPECT_EQ(read(*far_, got).state, State::kDone);
  EXPECT_EQ(got, "hello");
  near_->finish_writing();
  EXPECT_EQ(read(*far_, got).state, State::kEnd);
  EXPECT_EQ(write(*far_, "back").state, State::kDone) << "the other direction is still open";
  EXPECT_EQ(read(*near_, got).bytes, 4u);
}

TEST_F(SocketStream, AFullSocketBlocks) {
  const std::string much(1'000'000, 'x');
  IoResult result = write(*near_, much);
  EXPECT_EQ(result.state, State::kDone);
  EXPECT_LT(result.bytes, much.size());
  while (result.state == State::kDone) result = write(*near_, much);
  EXPECT_EQ(result.state, State::kWouldBlock);
}

TEST_F(SocketStream, WritingToAPeerThatIsGoneIsAnErrorAndNoSignal) {
  far_.reset();
  const IoResult result = write(*near_, "x");
  EXPECT_EQ(result.state, State::kBroken);
  EXPECT_EQ(result.error, EPIPE);
}

TEST_F(SocketStream, MorePiecesThanTheKernelTakesAtOnceAreTakenInPart) {
  std::string byte = "x";
  const std::vector<iovec> pieces(3000, iovec{byte.data(), 1});
  const IoResult result = near_->write(pieces);
  EXPECT_EQ(result.state, State::kDone);
  EXPECT_GT(result.bytes, 0u);
  EXPECT_LE(result.bytes, 1024u);
}

}  // namespace
}  // namespace nanospan::net

#include "export/output/write_fully.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>

namespace nanospan::exporters {
namespace {

class Pipe {
 public:
  explicit Pipe(int flags = 0) { EXPECT_EQ(::pipe2(ends_, flags), 0); }
  ~Pipe() {
    close_reader();
    ::close(ends_[1]);
  }
  void close_reader() {
    if (ends_[0] >= 0) ::close(ends_[0]);
    ends_[0] = -1;
  }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }

 private:
  int ends_[2];
};

TEST(WriteFully, ClosedPipeIsAnErrorAndNotASignal) {
  ASSERT_NE(::signal(SIGPIPE, SIG_DFL), SIG_ERR);
  Pipe pipe;
  pipe.close_reader();
  EXPECT_EQ(write_fully(pipe.writer(), "text").error, EPIPE);
  sigset_t pending;
  ::sigpending(&pending);
  EXPECT_EQ(::sigismember(&pending, SIGPIPE), 0) << "the signal must not come later either";
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  EXPECT_EQ(::sigismember(&blocked, SIGPIPE), 0) << "the mask is as before";
}

TEST(WriteFully, WaitsForANonBlockingDescriptor) {
  Pipe pipe(O_NONBLOCK);
  const std::string text(1U << 20, 'x');  // more than a pipe holds
  std::size_t received = 0;
  std::thread reader([&] {
    char buffer[4096];
    while (received < text.size()) {
      const ssize_t count = ::read(pipe.reader(), buffer, sizeof buffer);
      if (count > 0) received += static_cast<std::size_t>(count);
    }
  });
  const WriteResult result = write_fully(pipe.writer(), text);
  reader.join();
  EXPECT_EQ(result.error, 0);
  EXPECT_EQ(received, text.size());
}

TEST(WriteFully, NeverHangsOnAReaderThatStopped) {
  Pipe pipe(O_NONBLOCK);
  const WriteResult result = write_fully(pipe.writer(), std::string(1U << 20, 'x'), 0);
  EXPECT_EQ(result.error, EAGAIN);
  EXPECT_GT(result.written, 0U);
}

}  // namespace
}  // namespace nanospan::exporters

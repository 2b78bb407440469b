// A log whose reader stands still stops nobody, and says afterwards what is missing.
#include "gateway/telemetry/log_writer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

#include "net/socket.h"

namespace nanospan::gateway {
namespace {

class LogWriterTest : public ::testing::Test {
 protected:
  LogWriterTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    read_end_ = net::Fd(ends[0]);
    write_end_ = net::Fd(ends[1]);
  }
  std::string read() {
    std::string text(1 << 20, '\0');
    const ssize_t got = ::read(read_end_.get(), text.data(), text.size());
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
  }
  net::Fd read_end_, write_end_;
};

TEST_F(LogWriterTest, LeavesOutWhatNobodyReadsAndSaysHowMuch) {
  LogWriter writer(write_end_.get(), 0);
  const std::string line = std::string(999, 'x') + "\n";
  int written = 0;
  for (; writer.dropped() == 0; ++written) writer.write(line);
  for (int i = 0; i < 2; ++i) writer.write(line);
  EXPECT_EQ(writer.dropped(), 3u);
  std::string text = read();
  EXPECT_GE(text.size(), static_cast<std::size_t>(written - 1) * line.size()) << "all that were not counted";
  writer.write("back\n");
  text += read();
  EXPECT_NE(text.find("\n3 log messages are missing here: nobody read them\nback\n"), std::string::npos)
      << text.substr(text.size() - 200);
  writer.write("more\n");
  EXPECT_EQ(read(), "more\n");
  EXPECT_EQ(writer.dropped(), 3u);
}

TEST_F(LogWriterTest, ALineThatWasBegunIsCutOff) {
  LogWriter writer(write_end_.get(), 0);
  writer.write(std::string(1 << 20, 'x') + "\n");  // more than a pipe holds
  EXPECT_EQ(writer.dropped(), 1u);
  read();
  writer.write("back\n");
  EXPECT_EQ(read(), "\n1 log messages are missing here: nobody read them\nback\n");
}

TEST_F(LogWriterTest, AClosedDescriptorIsCountedToo) {
  read_end_ = net::Fd();
  std::signal(SIGPIPE, SIG_IGN);
  LogWriter writer(write_end_.get(), 0);
  writer.write("a\n");
  EXPECT_EQ(writer.dropped(), 1u);
}

}  // namespace
}  // namespace nanospan::gateway

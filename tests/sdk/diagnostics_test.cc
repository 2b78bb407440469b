#include "sdk/diagnostics.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/fake_clock.h"

namespace nanospan::sdk {
namespace {

using Lines = std::vector<std::string>;

class DiagnosticsTest : public ::testing::Test {
 protected:
  DiagnosticsTest() {
    diagnostics_.set_handler([this](std::string_view component, std::string_view message) {
      lines_.push_back(std::string(component) + "|" + std::string(message));
    });
  }

  testing::FakeClock clock_;
  Diagnostics diagnostics_{&clock_};
  Lines lines_;
};

TEST_F(DiagnosticsTest, OneLinePerReasonPerInterval) {
  for (int i = 0; i < 13; ++i) diagnostics_.report("otlp_http", "refused", "connection refused by 127.0.0.1:4318");
  EXPECT_EQ(lines_, Lines{"otlp_http|connection refused by 127.0.0.1:4318"});

  clock_.advance(Diagnostics::kIntervalNanos - 1);
  diagnostics_.report("otlp_http", "refused", "again");
  EXPECT_EQ(lines_.size(), 1U);

  clock_.advance(1);
  diagnostics_.report("otlp_http", "refused", "again");
  ASSERT_EQ(lines_.size(), 2U);
  EXPECT_EQ(lines_[1], "otlp_http|again (+13 more)");
}

TEST_F(DiagnosticsTest, ReasonsAndComponentsAreLimitedApart) {
  diagnostics_.report("otlp_http", "refused", "a");
  diagnostics_.report("otlp_http", "timeout", "b");
  diagnostics_.report("file", "refused", "c");
  EXPECT_EQ(lines_, (Lines{"otlp_http|a", "otlp_http|b", "file|c"}));
}

TEST_F(DiagnosticsTest, ACountIsKeptWhileThereIsRoomForOtherReasons) {
  diagnostics_.report("a", "a", "first");
  diagnostics_.report("a", "a", "first");
  clock_.advance(2 * Diagnostics::kIntervalNanos);
  for (std::size_t i = 1; i < Diagnostics::kReasonsMax; ++i) diagnostics_.report("b", std::to_string(i), "other");
  diagnostics_.report("a", "a", "second");
  EXPECT_EQ(lines_.back(), "a|second (+1 more)");
}

TEST_F(DiagnosticsTest, AFloodOfReasonsIsBounded) {
  for (std::size_t i = 0; i < 10'000; ++i) diagnostics_.report("a", std::to_string(i), "line");
  EXPECT_EQ(lines_.size(), Diagnostics::kReasonsMax + 1);
  clock_.advance(Diagnostics::kIntervalNanos);
  diagnostics_.report("a", "new", "line");
  EXPECT_EQ(lines_.size(), Diagnostics::kReasonsMax + 2);
}

TEST_F(DiagnosticsTest, ALongMessageIsCutOff) {
  diagnostics_.report("a", "long", std::string(1 << 20, 'x'));
  EXPECT_EQ(lines_[0].size(), 2 + Diagnostics::kMessageBytesMax);
}

// error-handling.md: "callbacks are expected to throw", and nothing of it may reach the application.
TEST(Diagnostics, AHandlerThatThrowsIsCaught) {
  testing::FakeClock clock;
  Diagnostics diagnostics(&clock);
  int calls = 0;
  diagnostics.set_handler([&](std::string_view, std::string_view) {
    if (++calls == 1) throw std::runtime_error("no");
    throw 42;
  });
  EXPECT_NO_THROW(diagnostics.report("a", "1", "x"));
  EXPECT_NO_THROW(diagnostics.report("a", "2", "x"));
  EXPECT_EQ(calls, 2);
}

TEST(Diagnostics, AHandlerThatReportsDoesNotRecurse) {
  testing::FakeClock clock;
  Diagnostics diagnostics(&clock);
  int calls = 0;
  diagnostics.set_handler([&](std::string_view, std::string_view) {
    ++calls;
    diagnostics.report("handler", std::to_string(calls), "inner");
  });
  diagnostics.report("a", "1", "x");
  diagnostics.report("a", "2", "x");
  EXPECT_EQ(calls, 2);
}

TEST(Diagnostics, TheHandlerMayReplaceItself) {
  testing::FakeClock clock;
  Diagnostics diagnostics(&clock);
  int second = 0;
  diagnostics.set_handler([&](std::string_view, std::string_view) {
    diagnostics.set_handler([&second](std::string_view, std::string_view) { ++second; });
  });
  diagnostics.report("a", "1", "x");
  diagnostics.report("a", "2", "x");
  EXPECT_EQ(second, 1);
}

TEST(Diagnostics, ThreadsTogetherShowOneLine) {
  testing::FakeClock clock;
  Diagnostics diagnostics(&clock);
  std::atomic<int> calls{0};
  diagnostics.set_handler([&](std::string_view, std::string_view) { ++calls; });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) diagnostics.report("a", "same", "x");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(calls, 1);
}

TEST(Diagnostics, TheDefaultLineHasNoControlCharacters) {
  EXPECT_EQ(default_line("otlp_http", "server said \"a\r\nb\x1B[2J\""),
            "nanospan: otlp_http: server said \"a  b [2J\"\n");
}

TEST(Diagnostics, TheDefaultWritesOneLineToStandardError) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int saved = dup(STDERR_FILENO);
  ASSERT_EQ(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
  testing::FakeClock clock;
  Diagnostics(&clock).report("file", "open", "cannot open traces.jsonl");
  dup2(saved, STDERR_FILENO);
  close(saved);
  close(ends[1]);
  std::array<char, 256> text{};
  const ssize_t size = read(ends[0], text.data(), text.size());
  close(ends[0]);
  EXPECT_EQ(std::string_view(text.data(), static_cast<std::size_t>(size)),
            "nanospan: file: cannot open traces.jsonl\n");
}

TEST(Diagnostics, SetErrorHandlerReplacesTheProcessHandlerAndNullRestoresTheDefault) {
  Lines lines;
  set_error_handler([&lines](std::string_view, std::string_view message) { lines.emplace_back(message); });
  report("diagnostics_test", "a line of this test only");
  set_error_handler(nullptr);
  EXPECT_EQ(lines, Lines{"a line of this test only"});
}

TEST_F(DiagnosticsTest, AfterForkAFreeLockKeepsHandlerAndCounts) {
  diagnostics_.report("a", "1", "x");
  diagnostics_.reset_after_fork();
  diagnostics_.report("a", "1", "x");
  diagnostics_.report("a", "2", "x");
  EXPECT_EQ(lines_.size(), 2U);
}

}  // namespace
}  // namespace nanospan::sdk

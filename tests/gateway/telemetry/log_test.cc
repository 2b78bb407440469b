// Lines with time and level, limited by reason.
#include "gateway/telemetry/log.h"

#include <gtest/gtest.h>

#include "gateway/telemetry/printable.h"
#include "tests/support/fake_clock.h"

namespace nanospan::gateway {
namespace {

class LogTest : public ::testing::Test {
 protected:
  nanospan::testing::FakeClock clock_;
  std::string text_;
  Log log_{clock_, LogLevel::kInfo, [this](std::string_view line) { text_ += line; }};
};

TEST_F(LogTest, LinesHaveTimeLevelAndSubject) {
  log_.warn("exporter x", "slow");
  EXPECT_EQ(text_, "2023-11-14T22:13:20.000Z  warn  exporter x: slow\n");
}

TEST_F(LogTest, OneLineForEachReasonInTenSeconds) {
  for (int i = 0; i < 5; ++i) log_.warn_limited("a", "refused", "no");
  log_.warn_limited("a", "timeout", "late");
  clock_.advance(10 * base::kNanosPerSecond);
  log_.warn_limited("a", "refused", "no");
  EXPECT_EQ(text_,
            "2023-11-14T22:13:20.000Z  warn  a: no\n"
            "2023-11-14T22:13:20.000Z  warn  a: late\n"
            "2023-11-14T22:13:30.000Z  warn  a: no  (4 more like this before)\n");
}

TEST_F(LogTest, LevelsBelowAreSilent) {
  Log quiet(clock_, LogLevel::kError, [this](std::string_view line) { text_ += line; });
  quiet.warn("a", "b");
  EXPECT_EQ(text_, "");
}

TEST(Printable, WhatAPeerSendsCannotSteerATerminal) { EXPECT_EQ(printable("a\x1b[2J\n\xC3\xA9z", 9), "a?[2J???z"); }

}  // namespace
}  // namespace nanospan::gateway

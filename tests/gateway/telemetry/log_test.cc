// Lines with time and level, limited by reason.
#include "gateway/telemetry/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

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

TEST_F(LogTest, JsonHasTheCollectorsFieldsALineEach) {
  log_.set_encoding(LogEncoding::kJson, R"({"service.name":"nanospan"})");
  log_.warn("exporter otlp/eu", "said \"no\"\n");
  log_.info("reload", "nothing changed");
  log_.raw("two\nlines\n");
  log_.error("receiver otlp", "not UTF-8: \xff");
  EXPECT_EQ(
      text_,
      R"({"level":"warn","ts":"2023-11-14T22:13:20.000Z","msg":"said \"no\"\n",)"
      R"("resource":{"service.name":"nanospan"},"otelcol.component.id":"otlp/eu","otelcol.component.kind":"exporter"})"
      "\n"
      R"({"level":"info","ts":"2023-11-14T22:13:20.000Z","msg":"nothing changed",)"
      R"("resource":{"service.name":"nanospan"},"logger":"reload"})"
      "\n"
      R"({"level":"info","ts":"2023-11-14T22:13:20.000Z","msg":"two\nlines","resource":{"service.name":"nanospan"}})"
      "\n"
      R"({"level":"error","ts":"2023-11-14T22:13:20.000Z","msg":"not UTF-8: ?","resource":{"service.name":"nanospan"},)"
      R"("otelcol.component.id":"otlp","otelcol.component.kind":"receiver"})"
      "\n");
  EXPECT_EQ(log_.recent().front(), "2023-11-14T22:13:20.000Z  warn  exporter otlp/eu: said \"no\"\n\n")
      << "pages for people show people's lines";
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

TEST_F(LogTest, DifferentTextsOfOneReasonAreNotTakenForEachOther) {
  log_.warn_limited("a", "refused", "too large");
  log_.warn_limited("a", "refused", "too old");
  for (int i = 0; i < 3; ++i) log_.warn_limited("a", "refused", "too old");
  log_.warn_limited("a", "refused", "too large");
  EXPECT_EQ(text_,
            "2023-11-14T22:13:20.000Z  warn  a: too large\n"
            "2023-11-14T22:13:20.000Z  warn  a: too old\n");
  clock_.advance(10 * base::kNanosPerSecond);
  text_.clear();
  log_.warn_limited("a", "refused", "too large");
  EXPECT_EQ(text_,
            "2023-11-14T22:13:30.000Z  warn  a: too old  (3 more like this)\n"
            "2023-11-14T22:13:30.000Z  warn  a: too large  (1 more like this before)\n");
}

TEST_F(LogTest, AReasonWithEverNewTextsIsLimitedToo) {
  for (int i = 0; i < 100; ++i) log_.warn_limited("a", "refused", "request " + std::to_string(i));
  EXPECT_EQ(std::count(text_.begin(), text_.end(), '\n'), 3);
  text_.clear();
  log_.flush();
  EXPECT_EQ(text_, "2023-11-14T22:13:20.000Z  warn  a: 97 more warnings of this kind, in other words\n");
}

TEST_F(LogTest, WhatWasLeftOutIsSaidEvenIfThereAreMoreReasonsThanAreKept) {
  for (int i = 0; i < 5; ++i) log_.warn_limited("a", "refused", "no");
  for (int i = 0; i < 1100; ++i) log_.warn_limited("b", "reason " + std::to_string(i), "once");
  EXPECT_NE(text_.find("a: no  (4 more like this)\n"), std::string::npos);
}

TEST_F(LogTest, WhatWasLeftOutIsSaidAtTheEndAndOnce) {
  for (int i = 0; i < 5; ++i) log_.warn_limited("a", "refused", "no");
  log_.warn_limited("b", "refused", "once");
  text_.clear();
  log_.flush();
  log_.flush();
  EXPECT_EQ(text_, "2023-11-14T22:13:20.000Z  warn  a: no  (4 more like this)\n");
}

TEST_F(LogTest, LevelsBelowAreSilent) {
  Log quiet(clock_, LogLevel::kError, [this](std::string_view line) { text_ += line; });
  quiet.warn("a", "b");
  EXPECT_EQ(text_, "");
}

TEST(Printable, WhatAPeerSendsCannotSteerATerminal) { EXPECT_EQ(printable("a\x1b[2J\n\xC3\xA9z", 9), "a?[2J???z"); }

}  // namespace
}  // namespace nanospan::gateway

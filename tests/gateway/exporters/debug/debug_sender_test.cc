// What a person sees, and how much of it.
#include "gateway/exporters/debug/debug_sender.h"

#include <gtest/gtest.h>

#include "tests/gateway/sample_traces.h"
#include "tests/support/fake_clock.h"

namespace nanospan::gateway {
namespace {

class DebugSenderTest : public ::testing::Test {
 protected:
  void send(DebugSender& sender, const std::string& name = "checkout") {
    sender.send(testing::sample_batch(2, name), base::Deadline::never(), [](const SendResult&) {});
  }
  nanospan::testing::FakeClock clock_;
  std::string text_;
  Log log_{clock_, LogLevel::kInfo, [this](std::string_view line) { text_ += line; }};
  MetricsRegistry metrics_;
  DebugExporterConfig config_;
};

TEST_F(DebugSenderTest, BasicCounts) {
  DebugSender sender(config_, "debug", clock_, metrics_, log_);
  send(sender);
  EXPECT_EQ(text_,
            "2023-11-14T22:13:20.000Z  info  exporter debug: traces: 2 spans, 1 scopes, 1 resources, 120 bytes\n");
}

TEST_F(DebugSenderTest, NormalShowsEachSpanWithoutControlCharacters) {
  config_.verbosity = Verbosity::kNormal;
  DebugSender sender(config_, "debug", clock_, metrics_, log_);
  send(sender, "a\x1b[2J");
  EXPECT_NE(text_.find("\n    a?[2J  trace 30313233343536373839616263646566  span 3031323334353637  1.5ms\n"),
            std::string::npos)
      << text_;
}

TEST_F(DebugSenderTest, MetricsAndLogsInTheirOwnWords) {
  config_.verbosity = Verbosity::kNormal;
  DebugSender sender(config_, "debug", clock_, metrics_, log_);
  sender.send(testing::sample_metrics(2), base::Deadline::never(), [](const SendResult&) {});
  EXPECT_NE(text_.find("metrics: 2 data points, 1 scopes, 1 resources"), std::string::npos) << text_;
  EXPECT_NE(text_.find("\n    orders  1  2 data points\n"), std::string::npos) << text_;
  sender.send(testing::sample_logs(), base::Deadline::never(), [](const SendResult&) {});
  EXPECT_NE(text_.find("logs: 1 log records"), std::string::npos) << text_;
  EXPECT_NE(text_.find("\n    ERROR  it broke\n"), std::string::npos) << text_;
}

TEST_F(DebugSenderTest, DetailedIsJson) {
  config_.verbosity = Verbosity::kDetailed;
  DebugSender sender(config_, "debug", clock_, metrics_, log_);
  send(sender);
  EXPECT_NE(text_.find("\n{\"resourceSpans\":[{\"scopeSpans\":"), std::string::npos) << text_;
}

TEST_F(DebugSenderTest, SamplingHidesCountsAndSays) {
  config_.sampling_initial = 1;
  config_.sampling_thereafter = 0;
  DebugSender sender(config_, "debug", clock_, metrics_, log_);
  for (int i = 0; i < 5; ++i) send(sender);
  clock_.advance(base::kNanosPerSecond);
  send(sender);
  EXPECT_EQ(std::count(text_.begin(), text_.end(), '\n'), 2);
  EXPECT_NE(text_.find("(4 requests before it not shown)"), std::string::npos);
  EXPECT_NE(metrics_.render().find("nanospan_debug_hidden_requests{exporter=\"debug\"} 4"), std::string::npos);
}

}  // namespace
}  // namespace nanospan::gateway

// What the exporter makes of failures that a scripted server cannot bring about: the answers are the test's.
#include "export/otlp/otlp_exporter.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

#include "export/otlp_http/otlp_http_config.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_span_batch.h"

namespace nanospan::exporters {
namespace {

/// Keeps the one request that is under way until the test answers it.
class HeldTransport final : public OtlpTransport {
 public:
  RequestId send(OtlpBody /*body*/, std::size_t /*span_count*/, base::Deadline /*deadline*/, OnAnswer done) override {
    waiting_ = std::move(done);
    return ++sent_;
  }
  void cancel(RequestId /*id*/) override { waiting_ = {}; }
  void cancel_all() override { waiting_ = {}; }
  void abandon_after_fork() override {}

  void fail(net::HttpFailure failure) {
    OnAnswer done = std::exchange(waiting_, {});
    done(judge_failure(failure, "words", net::parse_url("http://collector:4318/v1/traces").value(), ""));
  }
  std::uint64_t sent() const { return sent_; }

 private:
  OnAnswer waiting_;
  std::uint64_t sent_ = 0;
};

/// What becomes of a batch whose attempts fail like this, before shutdown has begun and once more after it.
std::optional<ExportResult> outcome_in_shutdown(net::HttpFailure failure) {
  testing::FakeClock clock;
  HeldTransport* transport = nullptr;
  const auto connect = [&transport](net::EventLoop&) -> Result<std::unique_ptr<OtlpTransport>> {
    auto made = std::make_unique<HeldTransport>();
    transport = made.get();
    return std::unique_ptr<OtlpTransport>(std::move(made));
  };
  std::optional<ExportResult> outcome;
  auto exporter = OtlpExporter::create(validate(OtlpHttpOptions{}).value(), connect,
                                       {clock, [] { return std::uint64_t{0}; }, [](auto, auto) {}});
  (*exporter)->start_export(testing::fake_batch(), base::Deadline::never(),
                            [&outcome](ExportResult result) { outcome = result; });
  transport->fail(failure);
  EXPECT_FALSE(outcome.has_value()) << "it is retried";
  (*exporter)->hurry();
  (*exporter)->poll_once();
  EXPECT_EQ(transport->sent(), 2U) << "at once";
  transport->fail(failure);
  return std::exchange(outcome, std::nullopt);
}

TEST(OtlpExporter, WhoCannotBeConnectedToIsNotWaitedForOnceShutdownHasBegun) {
  using net::HttpFailure;
  for (const HttpFailure failure :
       {HttpFailure::kRefused, HttpFailure::kResolve, HttpFailure::kUnreachable, HttpFailure::kTls}) {
    const auto outcome = outcome_in_shutdown(failure);
    ASSERT_TRUE(outcome.has_value()) << net::to_string(failure);
    EXPECT_EQ(outcome->reason, DropReason::kExportFailed);
  }
  for (const HttpFailure failure : {HttpFailure::kReset, HttpFailure::kClosedBeforeResponse}) {
    EXPECT_FALSE(outcome_in_shutdown(failure).has_value()) << net::to_string(failure);
  }
}

}  // namespace
}  // namespace nanospan::exporters

// An exporter and a scripted server in one thread, each on a loop of its own, under one clock that the test moves.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "export/otlp_http/otlp_http_exporter.h"
#include "net/event_loop.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_span_batch.h"
#include "tests/support/scripted_server.h"

namespace nanospan::exporters {

inline constexpr std::uint64_t kMillis = base::kNanosPerMilli;
inline constexpr std::uint64_t kSeconds = base::kNanosPerSecond;
inline const std::vector<net::Header> kProtobuf = {{"Content-Type", "application/x-protobuf"}};  // of an answer

class ExporterTest : public ::testing::Test {
 protected:
  OtlpHttpOptions options() const {
    OtlpHttpOptions options;
    options.traces_endpoint = server_->url("/v1/traces");
    return options;
  }
  void start(const OtlpHttpOptions& options) {
    Result<OtlpHttpConfig> config = validate(options);
    ASSERT_TRUE(config.ok()) << config.error().message;
    OtlpSeams seams{clock_, [this] { return random_; },
                    [this](std::string_view cause, std::string_view line) {
                      causes_.emplace_back(cause);
                      lines_.emplace_back(line);
                    }};
    auto exporter = make_otlp_http_exporter(std::move(config).value(), std::move(seams));
    ASSERT_TRUE(exporter.ok()) << exporter.error().message;
    exporter_ = std::move(exporter).value();
  }
  void start() { start(options()); }

  /// Starts an export; its outcome appears in results_[the number returned].
  std::size_t send(std::shared_ptr<const SpanBatch> batch = testing::fake_batch(),
                   base::Deadline deadline = base::Deadline::never()) {
    const std::size_t index = results_.size();
    results_.emplace_back();
    exporter_->start_export(std::move(batch), deadline, [this, index](ExportResult result) {
      EXPECT_FALSE(results_[index].has_value()) << "done() ran twice";
      results_[index] = result;
    });
    return index;
  }

  /// Runs both loops until `done()`; the kernel's own delays are waited for in the server's poller. Time stands still.
  template <class Done>
  [[nodiscard]] bool run_until(Done done) {
    constexpr int kRoundsMax = 20'000;  // only a hung test gets there
    for (int i = 0; i < kRoundsMax && !done(); ++i) round();
    return done();
  }
  /// The outcome of export `index`, without time passing.
  ExportResult outcome(std::size_t index) {
    EXPECT_TRUE(run_until([&] { return results_[index].has_value(); })) << "the export never completed";
    return results_[index].value_or(ExportResult::failed(DropReason::kCount));
  }
  bool requests_are(std::size_t count) {
    return run_until([&] { return server_->requests().size() == count; });
  }
  /// Until nothing moves: the exporter waits for the server, or for time.
  void settle() {
    for (int i = 0; i < 20; ++i) round();
  }
  void advance(std::uint64_t nanos) {
    settle();
    clock_.advance(nanos);
    settle();
  }

  testing::FakeClock clock_;
  std::unique_ptr<net::EventLoop> server_loop_ = std::move(net::EventLoop::create(clock_)).value();
  std::unique_ptr<testing::ScriptedServer> server_ = std::make_unique<testing::ScriptedServer>(*server_loop_);
  std::uint64_t random_ = 0;  ///< 0: each wait is half of its whole.
  std::vector<std::optional<ExportResult>> results_;
  std::vector<std::string> causes_;
  std::vector<std::string> lines_;
  std::unique_ptr<OtlpExporter> exporter_;  // last: its destructor completes what is under way

 private:
  void round() {
    if (exporter_) exporter_->poll_once();
    server_loop_->run_once({clock_.monotonic_now() + kMillis / 4});
    if (exporter_) exporter_->poll_once();
  }
};

}  // namespace nanospan::exporters

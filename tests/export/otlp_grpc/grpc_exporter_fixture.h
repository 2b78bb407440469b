// An OTLP/gRPC exporter and a gRPC receiver in one thread, each on a loop of its own, under one clock that the test
// moves.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "export/otlp_grpc/otlp_grpc_exporter.h"
#include "net/event_loop.h"
#include "net/grpc_server.h"
#include "net/http2_server.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_span_batch.h"

namespace nanospan::exporters {

/// Remembers the calls, and answers each with the next of `answers`, or with success.
struct GrpcReceiver final : net::GrpcService {
  struct Call {
    std::string path;
    std::string message;
    bool compressed = false;
    net::MessageHead head;
  };
  Decision on_call(const net::MessageHead&) override { return {{}, 64u << 20, nullptr}; }
  void on_message(net::Request request, net::GrpcResponder responder) override {
    calls.push_back({std::string(request.head.path()), std::string(request.body.view()), request.compressed,
                     std::move(request.head)});
    if (answers.empty()) return responder.succeed("");
    const auto answer = std::move(answers.front());
    answers.pop_front();
    answer(std::move(responder));
  }
  void fail(net::GrpcStatus status) {
    answers.push_back([status](net::GrpcResponder responder) { responder.fail(status); });
  }

  std::vector<Call> calls;
  std::deque<std::function<void(net::GrpcResponder)>> answers;
};

class GrpcExporterTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kSeconds = base::kNanosPerSecond;
  static constexpr std::uint64_t kMillis = base::kNanosPerMilli;

  void start_receiver() {
    net::HttpServerOptions options;
    options.port = port_;
    options.http2 = net::http2_server_protocol();
    auto handler = std::make_shared<net::GrpcHandler>(receiver_, std::vector<std::string>{"gzip"}, nullptr);
    auto server = net::HttpServer::start({server_loop_.get()}, std::move(options), std::move(handler));
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(server).value();
    port_ = server_->port();
  }
  void stop_receiver() {
    server_.reset();
    settle();
  }
  OtlpGrpcOptions options() {
    if (!server_) start_receiver();
    OtlpGrpcOptions options;
    options.endpoint = "http://127.0.0.1:" + std::to_string(port_);
    return options;
  }
  void start(const OtlpGrpcOptions& options) {
    Result<OtlpGrpcConfig> config = validate(options);
    ASSERT_TRUE(config.ok()) << config.error().message;
    OtlpSeams seams{clock_, [] { return std::uint64_t{0}; },
                    [this](std::string_view cause, std::string_view line) {
                      causes_.emplace_back(cause);
                      lines_.emplace_back(line);
                    }};
    auto exporter = make_otlp_grpc_exporter(std::move(config).value(), std::move(seams));
    ASSERT_TRUE(exporter.ok()) << exporter.error().message;
    exporter_ = std::move(exporter).value();
  }
  void start() { start(options()); }

  std::size_t send(std::shared_ptr<const SpanBatch> batch = testing::fake_batch()) {
    const std::size_t index = results_.size();
    results_.emplace_back();
    exporter_->start_export(std::move(batch), base::Deadline::never(), [this, index](ExportResult result) {
      EXPECT_FALSE(results_[index].has_value()) << "done() ran twice";
      results_[index] = result;
    });
    return index;
  }
  template <class Done>
  [[nodiscard]] bool run_until(Done done) {
    constexpr int kRoundsMax = 20'000;  // only a hung test gets there
    for (int i = 0; i < kRoundsMax && !done(); ++i) round();
    return done();
  }
  ExportResult outcome(std::size_t index) {
    EXPECT_TRUE(run_until([&] { return results_[index].has_value(); })) << "the export never completed";
    return results_[index].value_or(ExportResult::failed(DropReason::kCount));
  }
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
  std::shared_ptr<GrpcReceiver> receiver_ = std::make_shared<GrpcReceiver>();
  std::unique_ptr<net::HttpServer> server_;
  std::uint16_t port_ = 0;
  std::vector<std::optional<ExportResult>> results_;
  std::vector<std::string> causes_;
  std::vector<std::string> lines_;
  std::unique_ptr<OtlpExporter> exporter_;  // last: its destructor completes what is under way

  void TearDown() override {
    exporter_.reset();
    stop_receiver();
  }

 private:
  void round() {
    if (exporter_) exporter_->poll_once();
    server_loop_->run_once({clock_.monotonic_now() + kMillis / 4});
    if (exporter_) exporter_->poll_once();
  }
};

}  // namespace nanospan::exporters

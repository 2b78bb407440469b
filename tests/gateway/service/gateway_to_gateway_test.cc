// One gateway's exporter to another's receiver over a simulated network: what the first was told of a batch is what the
// second did with it, whatever happens in between. One case a seed, which is the last word of its name.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "gateway/exporters/otlp_grpc/otlp_grpc_exporter_factory.h"
#include "gateway/exporters/otlp_http/otlp_http_exporter_factory.h"
#include "gateway/receivers/otlp/otlp_receiver.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"
#include "tests/gateway/sample_traces.h"
#include "tests/support/simulated_network.h"

namespace nanospan::gateway {
namespace {

constexpr std::uint64_t kSecond = base::kNanosPerSecond;

/// Behind the receiver: keeps account of each batch, and takes, postpones or refuses it, at once or later.
class Judge final : public Consumer {
 public:
  Judge(net::EventLoop& loop, net::SeededNumbers& numbers) : loop_(loop), numbers_(numbers) {}

  struct Account {
    int accepted = 0;
    int refused = 0;  // for good
  };
  Room room_for(const Batch&) const override { return Room::kYes; }
  void consume(BatchRef batch, Completion done) override {
    Account& account = accounts[std::string(batch->bytes())];
    Outcome outcome;
    if (strict && numbers_.percent(20)) outcome = Outcome::retry("busy");
    if (strict && numbers_.percent(4)) outcome = Outcome::permanent("never");
    account.accepted += outcome.kind == Outcome::Kind::kAccepted ? 1 : 0;
    account.refused += outcome.kind == Outcome::Kind::kPermanent ? 1 : 0;
    if (!strict || numbers_.percent(60)) return done(outcome);
    late_.push_back(std::make_unique<net::Timer>(
        loop_, [outcome, batch = std::move(batch), done = std::move(done)] { done(outcome); }));
    late_.back()->arm(loop_.now() + numbers_.below(8 * kSecond));
  }
  void forget_late() { late_.clear(); }

  bool strict = true;
  std::map<std::string, Account> accounts;  // by the batch's bytes

 private:
  net::EventLoop& loop_;
  net::SeededNumbers& numbers_;
  std::deque<std::unique_ptr<net::Timer>> late_;
};

class GatewayToGatewayTest : public ::testing::TestWithParam<std::tuple<const char*, int>> {
 protected:
  GatewayToGatewayTest() {
    OtlpReceiverConfig config;
    config.http_enabled = config.grpc_enabled = true;
    receiver_.emplace(config, "otlp", host_, judge_);
    EXPECT_TRUE(receiver_->start().ok());
    const bool grpc = std::string(std::get<0>(GetParam())) == "Grpc";
    testing::ConfigText text(
        std::string(grpc ? "endpoint: 127.0.0.1:4317\ntls: {insecure: true}\n" : "endpoint: http://127.0.0.1:4318\n") +
        "compression: " + (numbers_.percent(50) ? "gzip" : "none") +
        "\ntimeout: 4s\nsending_queue: {wait_for_result: true, num_consumers: 4}\n"
        "retry_on_failure: {initial_interval: 100ms, max_interval: 2s, max_elapsed_time: 0s}");
    const ExporterFactory factory = grpc ? otlp_grpc_exporter_factory() : otlp_http_exporter_factory();
    exporter_ = std::move(factory.read({"otlp", ""}, text.reader)(host_, Signal::kTraces)).value();
    EXPECT_EQ(text.errors(), "");
    EXPECT_TRUE(exporter_->start().ok());
  }
  ~GatewayToGatewayTest() override {
    exporter_.reset();
    bool drained = false;
    receiver_->drain(base::Deadline::after(host_.clock(), 10 * kSecond), [&drained] { drained = true; });
    EXPECT_TRUE(run_until([&drained] { return drained; }));
    receiver_.reset();
    judge_.forget_late();
    EXPECT_TRUE(run_until([this] { return network_->dead_quiet(); }));
    EXPECT_EQ(loop().next_timer(), base::kNever);
    EXPECT_EQ(network_->descriptors_open(), 0u);
    EXPECT_EQ(host_.budget().used(), 0u) << "bytes that nobody gave back";
    for (const Sent& each : sent_) EXPECT_TRUE(each.held.expired()) << "a batch that is still held";
    if (HasFailure()) ADD_FAILURE() << network_->story();
  }
  net::EventLoop& loop() { return host_.shared_loop(); }

  template <class Done>
  [[nodiscard]] bool run_until(Done done) {
    constexpr int kRoundsMax = 300'000;  // only what spins gets there
    for (int i = 0; i < kRoundsMax; ++i) {
      if (done()) return true;
      loop().run_once(base::Deadline::never());
      if (network_->dead_quiet() && loop().next_timer() == base::kNever) return done();
    }
    return false;
  }
  void run_for(std::uint64_t nanos) {
    bool over = false;
    net::Timer timer(loop(), [&over] { over = true; });
    timer.arm(base::later(host_.clock().monotonic_now(), nanos));
    EXPECT_TRUE(run_until([&over] { return over; })) << "it spins";
  }

  struct Sent {
    std::string bytes;
    std::weak_ptr<const Batch> held;
    int times_told = 0;
    Outcome outcome;
  };
  void send() {
    const std::string name = "request " + std::to_string(sent_.size());
    BatchRef batch = testing::sample_batch(1 + numbers_.below(numbers_.percent(80) ? 20 : 800), name);
    Sent& sent = sent_.emplace_back();
    sent.bytes = batch->bytes();
    sent.held = batch;
    exporter_->consume(std::move(batch), [&sent](Outcome outcome) {
      ++sent.times_told;
      sent.outcome = std::move(outcome);
    });
  }

  net::SeededNumbers numbers_{static_cast<std::uint64_t>(std::get<1>(GetParam()))};
  std::optional<net::SimulatedNetwork> network_;
  testing::FakeHost host_{64u << 20, [this](nanospan::testing::FakeClock& clock) {
                            network_.emplace(clock, numbers_.next());
                            return std::make_unique<net::EventLoop>(clock, network_->make_poller(), *network_);
                          }};
  Judge judge_{loop(), numbers_};
  std::optional<OtlpReceiver> receiver_;
  std::unique_ptr<Exporter> exporter_;
  std::deque<Sent> sent_;
};
INSTANTIATE_TEST_SUITE_P(, GatewayToGatewayTest,
                         ::testing::Combine(::testing::Values("Http", "Grpc"), ::testing::Range(0, 40)),
                         [](const auto& each) {
                           return std::string(std::get<0>(each.param)) + "_" + std::to_string(std::get<1>(each.param));
                         });

TEST_P(GatewayToGatewayTest, WhatIsAcknowledgedIsThereAndNothingIsGivenUp) {
  network_->plan([this] { return net::ConnectionPlan::troubled(numbers_); });
  for (std::uint64_t left = 5 + numbers_.below(15); left > 0; --left) {
    send();
    if (numbers_.percent(50)) run_for(numbers_.below(2 * kSecond));
  }
  run_for(5 * kSecond);
  network_->heal();
  judge_.strict = false;
  const auto all_told = [this] {
    return std::all_of(sent_.begin(), sent_.end(), [](const Sent& each) { return each.times_told != 0; });
  };
  const base::MonotonicNanos healed = host_.clock().monotonic_now();
  ASSERT_TRUE(run_until(all_told)) << "a batch that nobody speaks of any more";
  EXPECT_LE(host_.clock().monotonic_now(), healed + 60 * kSecond) << "the retries go on though all is well";

  std::map<std::string, Judge::Account> unknown = judge_.accounts;
  for (const Sent& each : sent_) {
    const Judge::Account account = judge_.accounts[each.bytes];
    EXPECT_EQ(each.times_told, 1);
    ASSERT_NE(each.outcome.kind, Outcome::Kind::kRetry) << each.outcome.message;
    const bool accepted = each.outcome.kind == Outcome::Kind::kAccepted;
    EXPECT_GE(accepted ? account.accepted : account.refused, 1) << each.outcome.message;
    unknown.erase(each.bytes);
  }
  EXPECT_TRUE(unknown.empty()) << "bytes that nobody sent";
}

}  // namespace
}  // namespace nanospan::gateway

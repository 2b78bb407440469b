// A Host whose clock and loop stand still until the test moves them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/component/component.h"
#include "net/poller.h"
#include "tests/support/fake_clock.h"

namespace nanospan::gateway::testing {

class FakeHost final : public Host {
 public:
  using MakeLoop = std::function<std::unique_ptr<net::EventLoop>(nanospan::testing::FakeClock&)>;

  explicit FakeHost(std::uint64_t budget_bytes = 64u << 20, const MakeLoop& make_loop = &FakeHost::loop_on_sockets)
      : loop_(make_loop(clock_)), budget_(budget_bytes) {}

  const std::vector<net::EventLoop*>& loops() override { return loops_; }
  net::EventLoop& shared_loop() override { return *loop_; }
  net::EventLoop& own_loop() override { return *loop_; }
  net::EventLoop& slow_loop() override { return slow != nullptr ? *slow : *loop_; }
  const base::Clock& clock() override { return clock_; }
  MemoryBudget& budget() override { return budget_; }
  std::uint64_t memory_bytes() const override { return memory; }
  MetricsRegistry& metrics() override { return metrics_; }
  Log& log() override { return log_; }
  Authenticators& authenticators() override { return authenticators_; }
  std::uint64_t random_bits() override { return random; }
  bool is_ready() const override { return true; }

  void run() {
    for (int i = 0; i < 20; ++i) loop_->poll_once();
  }
  void advance(std::uint64_t nanos) {
    clock_.advance(nanos);
    run();
  }
  std::uint64_t counter(std::string_view name, const Labels& labels) {
    return metrics_.counter(name, "", labels).value();
  }
  const std::string& logged() const { return logged_; }

  std::uint64_t memory = 1u << 30;
  net::EventLoop* slow = nullptr;  // null: the one for all
  std::uint64_t random = 0;

 private:
  static std::unique_ptr<net::EventLoop> loop_on_sockets(nanospan::testing::FakeClock& clock) {
    return std::make_unique<net::EventLoop>(clock, net::make_epoll_poller().value());
  }

  nanospan::testing::FakeClock clock_;
  const std::unique_ptr<net::EventLoop> loop_;
  std::vector<net::EventLoop*> loops_{loop_.get()};
  MemoryBudget budget_;
  MetricsRegistry metrics_;
  Authenticators authenticators_;
  std::string logged_;
  Log log_{clock_, LogLevel::kInfo, [this](std::string_view line) { logged_ += line; }};
};

/// Takes batches, and answers each at once with `outcome`, or, if `holds`, when answer() is called.
class FakeNext final : public Consumer {
 public:
  Room room_for(const Batch&) const override { return Room::kYes; }
  bool waits_for_result() const override { return waits; }
  void consume(BatchRef batch, Completion done) override {
    seen.push_back(std::move(batch));
    if (holds) {
      pending.push_back(std::move(done));
    } else {
      done(outcome);
    }
  }
  /// Answers the oldest that is held.
  void answer(Outcome with) {
    Completion done = std::move(pending.front());
    pending.erase(pending.begin());
    done(std::move(with));
  }
  std::vector<std::uint64_t> spans() const {
    std::vector<std::uint64_t> out;
    for (const BatchRef& batch : seen) out.push_back(batch->counts().spans);
    return out;
  }

  bool waits = false;
  bool holds = false;
  Outcome outcome;
  std::vector<BatchRef> seen;
  std::vector<Completion> pending;
};

}  // namespace nanospan::gateway::testing

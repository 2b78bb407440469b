// A Host for component tests: one running loop, a small budget, a log in memory.
#pragma once

#include <mutex>
#include <string>

#include "gateway/component/component.h"
#include "net/loop_threads.h"

namespace nanospan::gateway::testing {

class TestHost : public Host {
 public:
  explicit TestHost(std::uint64_t budget_bytes = 64u << 20) : budget_(budget_bytes) {}

  const std::vector<net::EventLoop*>& loops() override { return loops_; }
  net::EventLoop& shared_loop() override { return *loops_.front(); }
  net::EventLoop& own_loop() override { return *loops_.front(); }
  net::EventLoop& slow_loop() override { return *loops_.front(); }
  const base::Clock& clock() override { return base::system_clock(); }
  MemoryBudget& budget() override { return budget_; }
  std::uint64_t memory_bytes() const override { return 1u << 30; }
  MetricsRegistry& metrics() override { return metrics_; }
  Log& log() override { return log_; }
  Authenticators& authenticators() override { return authenticators_; }
  const net::ProxySettings& proxies() const override { return environment; }
  bool is_ready() const override { return ready; }

  std::uint64_t random_bits() override { return random.load(); }

  /// Ends the loops; then components may be destroyed.
  void stop() { threads_->stop(); }

  std::atomic<bool> ready{true};
  std::atomic<std::uint64_t> random{0};
  net::ProxySettings environment;

 private:
  std::unique_ptr<net::LoopThreads> threads_ = net::LoopThreads::start(1, "test-loop").value();
  std::vector<net::EventLoop*> loops_ = threads_->loops();
  MemoryBudget budget_;
  MetricsRegistry metrics_;
  Authenticators authenticators_;
  Log log_{base::system_clock(), LogLevel::kError, [](std::string_view) {}};
};

}  // namespace nanospan::gateway::testing

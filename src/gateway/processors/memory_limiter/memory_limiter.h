// MemoryLimiter: refuses requests, for their senders to send again, while the process uses more memory than its soft
// limit.
//
// There is one memory budget of requests, and receivers ask it before they read a body; this processor lowers it to the
// soft limit, so that most refusals cost no memory at all. What the budget does not know (connections, buffers, the
// rest of the program) is seen by a look at the whole heap each check_interval; between two looks the budget's change
// is added. A limit in percent is of what the container has at each look. To look takes each arena's lock and walks its
// free lists, milliseconds on a large heap: that is done on the thread for such things, not on one that receives.
// Thread-safe. Destroy it while loops stand still.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "gateway/component/component.h"
#include "gateway/processors/memory_limiter/memory_limiter_config.h"
#include "gateway/processors/processor_items.h"

namespace nanospan::gateway {

class MemoryLimiter final : public Processor {
 public:
  /// `heap_bytes` says how much memory the process uses.
  MemoryLimiter(const MemoryLimiterConfig& config, const std::string& name, Signal signal, Host& host, Consumer& next,
                std::function<std::uint64_t()> heap_bytes);
  ~MemoryLimiter() override { *alive_ = false; }

  Status start() override;
  void drain(base::Deadline /*deadline*/, net::Task done) override { done(); }
  std::string describe() const override;
  Room room_for(const Batch& batch) const override;
  bool waits_for_result() const override { return next_.waits_for_result(); }
  void consume(BatchRef batch, Completion done) override;

 private:
  bool is_over() const;
  std::string soft_text() const;
  void follow();
  void check();

  const MemoryLimiterConfig config_;
  const std::string subject_;
  Host& host_;
  std::atomic<std::uint64_t> hard_bytes_, soft_bytes_;  // changed by the loop
  BudgetLimit budget_limit_;                            // the loop's own
  Consumer& next_;
  const std::function<std::uint64_t()> heap_bytes_;
  net::EventLoop& loop_;
  ProcessorItems items_;
  Metric& accepted_;
  Metric& refused_;
  std::atomic<std::uint64_t> beside_budget_{0};  // at the last look: the heap without what the budget knows
  net::Timer timer_;                             // the loop's own
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace nanospan::gateway

// QueuedExporter: an Exporter made of an ExportQueue and a Sender. All exporters are one; they differ in their senders.
//
// Thread-safe where Exporter is. The queue lives on the loop given; destroy it while that loop does not run.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "gateway/component/component.h"
#include "gateway/queue/export_queue.h"

namespace nanospan::gateway {

class QueuedExporter final : public Exporter {
 public:
  QueuedExporter(net::EventLoop& loop, ExportQueueOptions options, std::unique_ptr<Sender> sender, Host& host,
                 std::string description)
      : loop_(loop),
        description_(std::move(description)),
        waits_for_result_(!options.queue.enabled || options.queue.wait_for_result),
        queue_(loop, with_budget(std::move(options), host.budget()), std::move(sender), host.metrics(), host.log()) {}

  Status start() override { return queue_.start(nullptr); }
  void drain(base::Deadline deadline, net::Task done) override { queue_.drain(deadline, std::move(done)); }
  std::uint64_t lost_in_drain() const override { return queue_.lost_in_drain(); }
  std::string describe() const override { return description_; }
  Room room_for(const Batch& batch) const override { return queue_.room_for(batch); }
  bool waits_for_result() const override { return waits_for_result_.load(std::memory_order_relaxed); }
  void consume(BatchRef batch, Completion done) override { queue_.offer(std::move(batch), std::move(done)); }

  net::EventLoop& loop() override { return loop_; }
  // The same factory made both.
  Status start_after(Exporter& before) override { return queue_.start(&static_cast<QueuedExporter&>(before).queue_); }
  void take_over(std::unique_ptr<Exporter> next) override {
    auto& other = static_cast<QueuedExporter&>(*next);
    description_ = std::move(other.description_);
    waits_for_result_ = other.waits_for_result_.load();
    queue_.take_over(other.queue_);
  }

 private:
  static ExportQueueOptions with_budget(ExportQueueOptions options, MemoryBudget& budget) {
    options.budget = &budget;
    return options;
  }

  net::EventLoop& loop_;
  std::string description_;  // of the service's thread
  std::atomic<bool> waits_for_result_;
  ExportQueue queue_;
};

}  // namespace nanospan::gateway

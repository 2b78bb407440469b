// Gateway: a configuration brought to life: loops, components, pipelines, its own metrics; and the order in which they
// stop.
//
//   start:  loops -> extensions -> exporters -> processors -> metrics -> receivers with their pipelines -> ready
//   drain:  not ready -> receivers finish their requests -> processors, then exporters flush -> done; health and
//   metrics answer to the end A drain has one deadline. Receivers get half of the time: what waits for a dead
//   destination must leave some for the others.
//
// start(), the destructor: one thread, which is none of the loops'. begin_drain(): any thread, once.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/effective_limits.h"
#include "gateway/component/component.h"
#include "gateway/http/status_endpoint.h"
#include "gateway/pipeline/fan_out.h"
#include "gateway/service/gateway_config.h"
#include "net/loop_threads.h"

namespace nanospan::gateway {

class Gateway final : private Host {
 public:
  /// Everything listens when this returns. The error names the component and what to do.
  static Result<std::unique_ptr<Gateway>> start(GatewayConfig config, const base::Clock& clock, Log::Sink sink);
  /// Use start().
  Gateway(GatewayConfig config, const base::Clock& clock, Log::Sink sink);
  ~Gateway() override;

  /// Addresses, pipelines, destinations and limits, for the user to see at the start.
  std::string describe() const;
  /// Takes nothing more, finishes what there is, calls `done` from some thread; at service.shutdown_timeout at the
  /// latest.
  void begin_drain(net::Task done);
  /// After the drain: how many spans were acknowledged and are lost. The log says by which exporter and why.
  std::uint64_t lost_in_drain() const;
  Log& log() override { return log_; }
  MetricsRegistry& metrics() override { return metrics_; }
  Authenticators& authenticators() override { return authenticators_; }

 private:
  struct NamedComponent {
    std::string name;
    std::unique_ptr<Component> component;
  };

  /// What stands between the receivers and the exporters of a pipeline.
  struct Pipeline {
    const PipelineConfig* config = nullptr;
    std::unique_ptr<FanOut> exporters;
    std::vector<std::unique_ptr<Processor>> processors;  // in the order of the pipeline
  };

  Status build();
  Status build_exporters();
  Status build_pipelines();
  Status build_receivers();
  Status build_exporter(const ComponentId& id, Signal signal);
  Exporter* exporter(const ComponentId& id, Signal signal) const { return exporters_.at({id.text(), signal}).get(); }
  std::vector<Consumer*> consumers_of(const ComponentId& receiver, Signal signal) const;
  void drain_processors(std::size_t place, base::Deadline deadline, net::Task done);
  Status build_extensions();
  Status start_metrics();
  void register_process_metrics();

  const std::vector<net::EventLoop*>& loops() override { return shared_loops_; }
  net::EventLoop& shared_loop() override;
  net::EventLoop& own_loop() override;
  const base::Clock& clock() override { return clock_; }
  MemoryBudget& budget() override { return budget_; }
  bool is_ready() const override { return ready_.load(std::memory_order_relaxed); }

  GatewayConfig config_;
  const base::Clock& clock_;
  Log log_;
  MetricsRegistry metrics_;
  Authenticators authenticators_;
  const base::EffectiveLimits limits_ = base::effective_limits();
  MemoryBudget budget_;
  std::vector<std::unique_ptr<net::LoopThreads>> threads_;  // the shared loops first, then one for each own_loop()
  std::vector<net::EventLoop*> shared_loops_;
  std::size_t next_shared_loop_ = 0;
  std::atomic<bool> ready_{false};
  base::MonotonicNanos started_ = 0;

  // Destroyed in reverse: first what calls, then what is called.
  std::map<std::pair<std::string, Signal>, std::unique_ptr<Exporter>> exporters_;
  std::vector<Pipeline> pipelines_;
  std::vector<std::unique_ptr<FanOut>> fan_outs_;  // of each receiver and signal
  std::vector<NamedComponent> receivers_;
  std::vector<NamedComponent> extensions_;
  std::unique_ptr<StatusEndpoint> metrics_endpoint_;
};

}  // namespace nanospan::gateway

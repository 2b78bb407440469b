// Gateway: a configuration brought to life: loops, components, pipelines, its own metrics; the order in which they
// stop; and the change to another configuration while it runs.
//
//   start:  loops -> extensions -> exporters -> processors -> metrics -> receivers with their pipelines -> ready
//   drain:  not ready -> receivers finish their requests -> processors, then exporters flush -> profiles that
//           were recorded are sent -> done; health and metrics answer to the end
//
// A drain has one deadline. Receivers get half of the time: what waits for a dead destination must leave some for the
// others.
//
// start(), reload(), reap(), the destructor: one thread, which is none of the loops'. begin_drain(): the same thread,
// once.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/uuid.h"
#include "gateway/component/component.h"
#include "gateway/http/status_endpoint.h"
#include "gateway/pipeline/fan_out.h"
#include "gateway/service/gateway_config.h"
#include "gateway/service/memory_governor.h"
#include "gateway/service/own_resource.h"
#include "net/loop_threads.h"

namespace nanospan::gateway {

/// Whom a gateway tells what its service's thread should do. Called on the threads of loops; each may be empty.
struct ServiceRequests {
  std::function<void()> reap;                         ///< Call Gateway::reap().
  std::function<void(net::Responder answer)> reload;  ///< POST /-/reload on the address of the metrics.
};

class Gateway final : private Host {
 public:
  /// Everything listens when this returns. The error names the component and what to do.
  static Result<std::unique_ptr<Gateway>> start(GatewayConfig config, const base::Clock& clock, Log::Sink sink,
                                                ServiceRequests requests = {});
  /// Use start().
  Gateway(GatewayConfig config, const base::Clock& clock, Log::Sink sink, ServiceRequests requests);
  ~Gateway() override;

  /// Addresses, pipelines, destinations and limits, for the user to see at the start.
  std::string describe() const;

  /// Changes to `next`. What it says as before stays as it is, with its connections and what it holds; exporters keep
  /// their queues also where their settings change. If it cannot be done nothing has changed, but for receivers and
  /// extensions that had to make room for others on their port: those are made anew. Returns what changed, one line, or
  /// "" for nothing.
  Result<std::string> reload(GatewayConfig next);
  /// Removes what reloads have replaced, as far as it has finished what it had begun.
  void reap();

  /// Takes nothing more, finishes what there is, calls `done` from some thread; at service.shutdown_timeout at the
  /// latest.
  void begin_drain(net::Task done);
  /// After the drain: how many spans were acknowledged and are lost. The log says by which exporter and why.
  std::uint64_t lost_in_drain() const;
  Log& log() override { return log_; }
  MetricsRegistry& metrics() override { return metrics_; }
  Authenticators& authenticators() override { return authenticators_; }
  const net::ProxySettings& proxies() const override { return config_.proxies; }

 private:
  friend class Reload;
  /// A receiver and what it feeds, or an extension.
  struct Node {
    ComponentId id;
    std::unique_ptr<Component> component;
    PerSignal<std::unique_ptr<FanOut>> next;  // of a receiver: null where it takes nothing. Outlives the component.
  };
  /// What stands between the receivers and the exporters of a pipeline.
  struct Pipeline {
    PipelineConfig config;
    std::unique_ptr<FanOut> exporters;
    std::vector<std::unique_ptr<Processor>> processors;  // in the order of the pipeline
    Consumer* first() const;                             // null: it has no processor
  };
  using ExporterKey = std::pair<std::string, Signal>;
  using ExporterTable = std::map<ExporterKey, Exporter*>;
  /// What has been replaced and finishes what it has begun.
  template <class T>
  struct Retired {
    std::unique_ptr<T> what;
    std::shared_ptr<std::atomic<bool>> done = std::make_shared<std::atomic<bool>>(false);
    bool is_draining = true;
  };

  /// What receivers see of a pipeline.
  struct Entrance {
    const PipelineConfig* config = nullptr;
    Consumer* first = nullptr;  // null: it has no processor
  };

  Status build();
  Status build_extensions();
  Status build_exporters();
  Status build_pipelines();
  Status build_metrics();
  Status build_receivers();
  // Each makes and starts one.
  Result<std::unique_ptr<Exporter>> make_exporter(const GatewayConfig& config, const ComponentId& id, Signal signal,
                                                  Host& host, Exporter* before);
  Result<std::unique_ptr<Pipeline>> make_pipeline(const GatewayConfig& config, const PipelineConfig& pipeline,
                                                  const ExporterTable& exporters);
  Result<std::unique_ptr<Node>> make_receiver(const ConfiguredComponent<ReceiverMaker>& configured,
                                              const std::vector<Entrance>& pipelines, const ExporterTable& exporters);
  Result<std::unique_ptr<Node>> make_extension(const ConfiguredComponent<Maker<Component>>& configured);
  Result<std::unique_ptr<StatusEndpoint>> make_metrics_endpoint(const TelemetryConfig& telemetry);

  ExporterTable exporter_table() const;
  std::vector<Entrance> entrances() const;
  static std::vector<Consumer*> exporters_of(const PipelineConfig& pipeline, const ExporterTable& exporters);
  static std::vector<Consumer*> consumers_of(const ComponentId& receiver, Signal signal,
                                             const std::vector<Entrance>& pipelines, const ExporterTable& exporters);
  void drain_extensions(base::Deadline deadline, net::Task done);
  static void drain_processors(std::vector<Pipeline*> pipelines, std::size_t place, base::Deadline deadline,
                               net::Task done);
  static MemorySettings memory_settings(const GatewayConfig& config);
  Status start_governor();
  void show_resource(const TelemetryConfig& telemetry);
  void register_process_metrics();
  std::shared_ptr<const ServiceStatus> status() const override;
  void publish_status();
  std::string describe_limits() const;

  void retire(std::unique_ptr<Node> node);
  void retire(std::unique_ptr<Pipeline> pipeline);
  void retire_exporter(const ExporterKey& key);
  void drain_unused_exporters();
  void reap_exporters();
  void end_unused_loops();
  /// For drain() of what has been retired.
  net::Task finish(const std::shared_ptr<std::atomic<bool>>& done) const;
  std::vector<net::EventLoop*> all_loops() const;

  const std::vector<net::EventLoop*>& loops() override { return shared_loops_; }
  net::EventLoop& shared_loop() override;
  net::EventLoop& own_loop() override;
  net::EventLoop& slow_loop() override { return *governor_loop_; }
  const base::Clock& clock() override { return clock_; }
  MemoryBudget& budget() override { return budget_; }
  std::uint64_t memory_bytes() const override { return governor_.limits().memory_bytes; }
  bool is_ready() const override { return ready_.load(std::memory_order_relaxed); }

  GatewayConfig config_;
  const base::Clock& clock_;
  Log log_;
  MetricsRegistry metrics_;
  Authenticators authenticators_;
  MemoryBudget budget_{0};
  MemoryGovernor governor_;                                 // decides about budget_
  std::vector<std::unique_ptr<net::LoopThreads>> threads_;  // the shared loops first, then one for each own_loop()
  std::vector<net::EventLoop*> shared_loops_;
  net::EventLoop* governor_loop_ = nullptr;
  std::size_t next_shared_loop_ = 0;
  std::atomic<bool> ready_{false};
  mutable std::mutex status_mutex_;
  std::shared_ptr<const ServiceStatus> status_ = std::make_shared<const ServiceStatus>();
  base::MonotonicNanos started_ = 0;
  const std::string instance_id_ = base::uuid_text(base::random_uuid());
  std::vector<Observation> observations_;
  const ServiceRequests requests_;

  // Destroyed in reverse: first what calls, then what is called.
  std::map<ExporterKey, std::unique_ptr<Exporter>> exporters_;
  std::vector<Retired<Exporter>> retired_exporters_;
  std::vector<std::unique_ptr<Pipeline>> pipelines_;
  std::vector<Retired<Pipeline>> retired_pipelines_;
  std::vector<std::unique_ptr<Node>> receivers_;
  std::vector<std::unique_ptr<Node>> extensions_;
  std::vector<Retired<Node>> retired_nodes_;  // receivers and extensions
  std::unique_ptr<StatusEndpoint> metrics_endpoint_;
  std::vector<std::unique_ptr<StatusEndpoint>> retired_endpoints_;  // until the next reload
  std::thread drains_extensions_;                                   // when exporters are done
};

}  // namespace nanospan::gateway

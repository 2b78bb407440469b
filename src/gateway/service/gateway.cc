// Wiring, start block and the drain's order. Threads: see the header.
#include "gateway/service/gateway.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "gateway/config/units.h"
#include "gateway/service/process_limits.h"

namespace nanospan::gateway {
namespace {

/// Calls `done` when it has been counted down to zero.
class Countdown {
 public:
  Countdown(std::size_t count, net::Task done) : left_(count), done_(std::move(done)) {}
  void step() {
    if (left_.fetch_sub(1) == 1) done_();
  }

 private:
  std::atomic<std::size_t> left_;
  net::Task done_;
};

/// Drains all of `components`, then calls `done`.
void drain_all(const std::vector<Component*>& components, base::Deadline deadline, net::Task done) {
  const auto countdown = std::make_shared<Countdown>(components.size() + 1, std::move(done));
  for (Component* component : components) component->drain(deadline, [countdown] { countdown->step(); });
  countdown->step();
}

std::string join(const std::vector<ComponentId>& ids) {
  std::string out;
  for (const ComponentId& id : ids) out += (out.empty() ? "" : ", ") + id.text();
  return out;
}

template <class M>
const ConfiguredComponent<M>& find(const std::vector<ConfiguredComponent<M>>& configured, const ComponentId& id) {
  return *std::find_if(configured.begin(), configured.end(), [&](const auto& one) { return one.id == id; });
}

}  // namespace

Gateway::Gateway(GatewayConfig config, const base::Clock& clock, Log::Sink sink, ServiceRequests requests)
    : config_(std::move(config)),
      clock_(clock),
      log_(clock, config_.telemetry.log_level, std::move(sink)),
      governor_(memory_settings(config_), clock_, budget_, metrics_, log_),
      started_(clock.monotonic_now()),
      requests_(std::move(requests)) {
  show_resource(config_.telemetry);
}

/// Who it is, in metrics and log.
void Gateway::show_resource(const TelemetryConfig& telemetry) {
  const OwnResource resource = own_resource(telemetry, instance_id_);
  show_target_info(resource, metrics_);
  log_.set_encoding(telemetry.log_encoding, to_json(resource));
}

Gateway::~Gateway() {
  if (drains_extensions_.joinable()) drains_extensions_.join();
  for (const auto& threads : threads_) threads->stop();
  governor_.stop();
  metrics_endpoint_.reset();
  retired_endpoints_.clear();
  retired_nodes_.clear();
  extensions_.clear();
  receivers_.clear();
  // Servers close their connections on their loops. What these have received meanwhile has nowhere to go any more.
  for (net::EventLoop* loop : all_loops()) loop->run_posted();
}

Result<std::unique_ptr<Gateway>> Gateway::start(GatewayConfig config, const base::Clock& clock, Log::Sink sink,
                                                ServiceRequests requests) {
  auto gateway = std::make_unique<Gateway>(std::move(config), clock, std::move(sink), std::move(requests));
  if (Status built = gateway->build(); !built) return built.error();
  gateway->publish_status();
  gateway->ready_ = true;
  return gateway;
}

MemorySettings Gateway::memory_settings(const GatewayConfig& config) {
  return {config.memory_limit_bytes, config.memory_budget_bytes};
}

/// On a thread of its own: to give memory back takes milliseconds at times.
Status Gateway::start_governor() {
  Result<std::unique_ptr<net::LoopThreads>> thread = net::LoopThreads::start(1, "nanospan-memory", clock_);
  if (!thread) return thread.error();
  threads_.push_back(std::move(thread).value());
  net::EventLoop* const loop = threads_.back()->loops().front();
  governor_loop_ = loop;
  governor_.start(*loop, shared_loops_.size());
  return {};
}

Status Gateway::build() {
  Result<std::unique_ptr<net::LoopThreads>> threads =
      net::LoopThreads::start(governor_.limits().cpus, "nanospan-loop", clock_);
  if (!threads) return threads.error();
  shared_loops_ = (*threads)->loops();
  threads_.push_back(std::move(threads).value());
  register_process_metrics();
  for (const auto step : {&Gateway::start_governor, &Gateway::build_extensions, &Gateway::build_exporters,
                          &Gateway::build_pipelines, &Gateway::build_metrics, &Gateway::build_receivers}) {
    if (Status done = (this->*step)(); !done) return done;
  }
  return {};
}

net::EventLoop& Gateway::shared_loop() { return *shared_loops_[next_shared_loop_++ % shared_loops_.size()]; }

net::EventLoop& Gateway::own_loop() {
  Result<std::unique_ptr<net::LoopThreads>> thread = net::LoopThreads::start(1, "nanospan-disk", clock_);
  // Out of threads or descriptors at start: the component then shares a loop, slower but whole.
  if (!thread) return shared_loop();
  threads_.push_back(std::move(thread).value());
  return *threads_.back()->loops().front();
}

std::vector<net::EventLoop*> Gateway::all_loops() const {
  std::vector<net::EventLoop*> all;
  for (const auto& threads : threads_) {
    for (net::EventLoop* loop : threads->loops()) all.push_back(loop);
  }
  return all;
}

Status Gateway::build_exporters() {
  for (const PipelineConfig& pipeline : config_.pipelines) {
    for (const ComponentId& id : pipeline.exporters) {
      if (exporters_.contains({id.text(), pipeline.signal})) continue;
      Result<std::unique_ptr<Exporter>> exporter = make_exporter(config_, id, pipeline.signal, *this, nullptr);
      if (!exporter) return exporter.error();
      exporters_.emplace(ExporterKey(id.text(), pipeline.signal), std::move(exporter).value());
    }
  }
  return {};
}

/// `before` is the one that it will take the place of, or null.
Result<std::unique_ptr<Exporter>> Gateway::make_exporter(const GatewayConfig& config, const ComponentId& id,
                                                         Signal signal, Host& host, Exporter* before) {
  Result<std::unique_ptr<Exporter>> exporter = find(config.exporters, id).make(host, signal);
  if (!exporter) return exporter.error().with_prefix("exporter " + id.text());
  const Status started = before != nullptr ? (*exporter)->start_after(*before) : (*exporter)->start();
  if (!started) return started.error().with_prefix("exporter " + id.text());
  return exporter;
}

Status Gateway::build_pipelines() {
  for (const PipelineConfig& config : config_.pipelines) {
    Result<std::unique_ptr<Pipeline>> pipeline = make_pipeline(config_, config, exporter_table());
    if (!pipeline) return pipeline.error();
    pipelines_.push_back(std::move(pipeline).value());
  }
  return {};
}

Result<std::unique_ptr<Gateway::Pipeline>> Gateway::make_pipeline(const GatewayConfig& config,
                                                                  const PipelineConfig& pipeline_config,
                                                                  const ExporterTable& exporters) {
  auto pipeline = std::make_unique<Pipeline>();
  pipeline->config = pipeline_config;
  pipeline->exporters = std::make_unique<FanOut>(exporters_of(pipeline_config, exporters));
  Consumer* next = pipeline->exporters.get();
  for (auto id = pipeline_config.processors.rbegin(); id != pipeline_config.processors.rend(); ++id) {
    Result<std::unique_ptr<Processor>> processor =
        find(config.processors, *id).make(*this, pipeline_config.signal, *next);
    if (!processor) return processor.error().with_prefix("processor " + id->text());
    if (Status started = (*processor)->start(); !started) return started.error().with_prefix("processor " + id->text());
    next = processor->get();
    pipeline->processors.insert(pipeline->processors.begin(), std::move(processor).value());
  }
  return pipeline;
}

std::vector<Consumer*> Gateway::exporters_of(const PipelineConfig& pipeline, const ExporterTable& exporters) {
  std::vector<Consumer*> consumers;
  for (const ComponentId& id : pipeline.exporters) consumers.push_back(exporters.at({id.text(), pipeline.signal}));
  return consumers;
}

Gateway::ExporterTable Gateway::exporter_table() const {
  ExporterTable table;
  for (const auto& [key, exporter] : exporters_) table.emplace(key, exporter.get());
  return table;
}

Consumer* Gateway::Pipeline::first() const { return processors.empty() ? nullptr : processors.front().get(); }

std::vector<Gateway::Entrance> Gateway::entrances() const {
  std::vector<Entrance> all;
  for (const auto& pipeline : pipelines_) all.push_back({&pipeline->config, pipeline->first()});
  return all;
}

/// A receiver in several pipelines feeds all of them; an exporter that several reach without a processor, only once.
std::vector<Consumer*> Gateway::consumers_of(const ComponentId& receiver, Signal signal,
                                             const std::vector<Entrance>& pipelines, const ExporterTable& exporters) {
  std::vector<Consumer*> consumers;
  for (const auto& [config, first] : pipelines) {
    if (config->signal != signal) continue;
    const std::vector<ComponentId>& receivers = config->receivers;
    if (std::find(receivers.begin(), receivers.end(), receiver) == receivers.end()) continue;
    if (first != nullptr) {
      consumers.push_back(first);
      continue;
    }
    for (Consumer* exporter : exporters_of(*config, exporters)) {
      if (std::find(consumers.begin(), consumers.end(), exporter) == consumers.end()) consumers.push_back(exporter);
    }
  }
  return consumers;
}

Status Gateway::build_receivers() {
  for (const auto& configured : config_.receivers) {
    Result<std::unique_ptr<Node>> receiver = make_receiver(configured, entrances(), exporter_table());
    if (!receiver) return receiver.error();
    receivers_.push_back(std::move(receiver).value());
  }
  return {};
}

Result<std::unique_ptr<Gateway::Node>> Gateway::make_receiver(const ConfiguredComponent<ReceiverMaker>& configured,
                                                              const std::vector<Entrance>& pipelines,
                                                              const ExporterTable& exporters) {
  auto node = std::make_unique<Node>();
  node->id = configured.id;
  SignalConsumers next;
  for (const Signal signal : kSignals) {
    std::vector<Consumer*> consumers = consumers_of(configured.id, signal, pipelines, exporters);
    if (consumers.empty()) continue;
    node->next[signal] = std::make_unique<FanOut>(std::move(consumers));
    next.set(signal, *node->next[signal]);
  }
  Result<std::unique_ptr<Component>> receiver = configured.make(*this, next);
  if (!receiver) return receiver.error().with_prefix("receiver " + node->id.text());
  if (Status started = (*receiver)->start(); !started)
    return started.error().with_prefix("receiver " + node->id.text());
  node->component = std::move(receiver).value();
  return node;
}

Status Gateway::build_extensions() {
  for (const auto& configured : config_.extensions) {
    Result<std::unique_ptr<Node>> extension = make_extension(configured);
    if (!extension) return extension.error();
    extensions_.push_back(std::move(extension).value());
  }
  return {};
}

Result<std::unique_ptr<Gateway::Node>> Gateway::make_extension(
    const ConfiguredComponent<Maker<Component>>& configured) {
  auto node = std::make_unique<Node>();
  node->id = configured.id;
  Result<std::unique_ptr<Component>> extension = configured.make(*this);
  if (!extension) return extension.error().with_prefix("extension " + node->id.text());
  if (Status started = (*extension)->start(); !started)
    return started.error().with_prefix("extension " + node->id.text());
  node->component = std::move(extension).value();
  return node;
}

Status Gateway::build_metrics() {
  Result<std::unique_ptr<StatusEndpoint>> endpoint = make_metrics_endpoint(config_.telemetry);
  if (!endpoint) return endpoint.error();
  metrics_endpoint_ = std::move(endpoint).value();
  return {};
}

/// Null if the configuration wants none.
Result<std::unique_ptr<StatusEndpoint>> Gateway::make_metrics_endpoint(const TelemetryConfig& telemetry) {
  if (!telemetry.metrics_enabled) return std::unique_ptr<StatusEndpoint>();
  const auto page = [this] {
    net::Response response;
    response.headers.push_back({"Content-Type", "text/plain; version=0.0.4; charset=utf-8"});
    response.body = metrics_.render();
    return response;
  };
  std::vector<StatusEndpoint::Action> actions;
  if (requests_.reload) actions.push_back({"/-/reload", requests_.reload});
  Result<std::unique_ptr<StatusEndpoint>> endpoint = StatusEndpoint::start(
      shared_loop(), {telemetry.metrics_host, telemetry.metrics_port}, {{"/metrics", page}}, std::move(actions));
  if (!endpoint) return endpoint.error().with_prefix("service.telemetry.metrics");
  return endpoint;
}

void Gateway::register_process_metrics() {
  observations_.push_back(metrics_.observe_counter("otelcol_process_uptime", "Seconds since the start.", {}, [this] {
    return static_cast<double>(clock_.monotonic_now() - started_) / static_cast<double>(base::kNanosPerSecond);
  }));
  observations_.push_back(metrics_.observe_counter("otelcol_process_cpu_seconds",
                                                   "CPU time of the process, user and system.", {},
                                                   [] { return process_usage().cpu_seconds; }));
  observations_.push_back(metrics_.observe_gauge("otelcol_process_memory_rss", "Resident memory in bytes.", {},
                                                 [] { return static_cast<double>(process_usage().resident_bytes); }));
  observations_.push_back(metrics_.observe_gauge("nanospan_memory_used_bytes",
                                                 "Bytes that requests in the gateway hold.", {},
                                                 [this] { return static_cast<double>(budget_.used()); }));
  observations_.push_back(metrics_.observe_gauge("nanospan_memory_budget_bytes",
                                                 "Bytes that requests may hold (service.memory_budget).", {},
                                                 [this] { return static_cast<double>(budget_.bytes_max()); }));
}

std::string Gateway::describe_limits() const {
  return format_byte_size(budget_.bytes_max()) + " of requests in memory, " +
         format_byte_size(governor_.limit_bytes()) + " in all, " + std::to_string(shared_loops_.size()) +
         " event loops, " + format_duration(config_.shutdown_nanos) + " to drain on SIGTERM";
}

std::shared_ptr<const ServiceStatus> Gateway::status() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

void Gateway::publish_status() {
  auto status = std::make_shared<ServiceStatus>();
  for (const auto& pipeline : pipelines_) {
    const PipelineConfig& config = pipeline->config;
    status->pipelines.push_back(
        {config.id.text(), join(config.receivers), join(config.processors), join(config.exporters)});
  }
  for (const auto& node : receivers_) status->receivers.push_back({node->id.text(), node->component->describe()});
  for (const auto& node : extensions_) status->extensions.push_back({node->id.text(), node->component->describe()});
  for (const auto& [key, exporter] : exporters_)
    status->exporters.push_back({key.first, key.second, exporter->describe()});
  status->limits = describe_limits();
  const std::lock_guard lock(status_mutex_);
  status_ = std::move(status);
}

std::string Gateway::describe() const {
  std::string out = "nanospan serves\n";
  for (const auto& receiver : receivers_)
    out += "  receiver   " + receiver->id.text() + ": " + receiver->component->describe() + "\n";
  std::set<std::string> exporters;  // One line for those that do not differ by signal.
  for (const auto& [name, exporter] : exporters_)
    exporters.insert("  exporter   " + name.first + ": " + exporter->describe() + "\n");
  for (const std::string& line : exporters) out += line;
  for (const auto& pipeline : pipelines_) {
    const PipelineConfig& config = pipeline->config;
    out += "  pipeline   " + config.id.text() + ": " + join(config.receivers) + " -> ";
    for (std::size_t i = 0; i < pipeline->processors.size(); ++i)
      out += config.processors[i].text() + " (" + pipeline->processors[i]->describe() + ") -> ";
    out += join(config.exporters) + "\n";
  }
  for (const auto& extension : extensions_)
    out += "  extension  " + extension->id.text() + ": " + extension->component->describe() + "\n";
  if (metrics_endpoint_ != nullptr) {
    out += "  metrics    http " + ListenAddress{config_.telemetry.metrics_host, metrics_endpoint_->port()}.text() +
           "/metrics\n";
  }
  out += "  limits     " + describe_limits() + "\n";
  const base::EffectiveLimits limits = governor_.limits();
  out += "  machine    " + format_byte_size(limits.memory_bytes) + " of memory (" + limits.memory_reason + "), " +
         std::to_string(limits.cpus) + " processors (" + limits.cpu_reason + ")\n";
  return out;
}

/// Drains the processors at `place` of all pipelines, then those after them: what one gives up the next still takes.
void Gateway::drain_processors(std::vector<Pipeline*> pipelines, std::size_t place, base::Deadline deadline,
                               net::Task done) {
  std::vector<Component*> processors;
  for (const Pipeline* pipeline : pipelines) {
    if (place < pipeline->processors.size()) processors.push_back(pipeline->processors[place].get());
  }
  if (processors.empty()) return done();
  drain_all(processors, deadline,
            [pipelines = std::move(pipelines), place, deadline, done = std::move(done)]() mutable {
              drain_processors(std::move(pipelines), place + 1, deadline, std::move(done));
            });
}

/// Those that the end waits for. They may block: on a thread of their own, as loops and signals go on.
void Gateway::drain_extensions(base::Deadline deadline, net::Task done) {
  std::vector<Component*> extensions;
  for (const auto& extension : extensions_) {
    if (extension->component->drains_at_the_end()) extensions.push_back(extension->component.get());
  }
  if (extensions.empty()) return done();
  const auto shared_done = std::make_shared<net::Task>(std::move(done));
  const auto drain = [extensions, deadline, shared_done] {
    drain_all(extensions, deadline, [shared_done] { (*shared_done)(); });
  };
  try {
    drains_extensions_ = std::thread(drain);
  } catch (const std::system_error&) {  // there are no threads to be had
    drain();
  }
}

void Gateway::begin_drain(net::Task done) {
  ready_ = false;
  const base::Deadline all = base::Deadline::after(clock_, config_.shutdown_nanos);
  const base::Deadline half = base::Deadline::after(clock_, config_.shutdown_nanos / 2);
  const base::Deadline most = base::Deadline::after(clock_, config_.shutdown_nanos / 4 * 3);
  std::vector<Component*> receivers, exporters;
  std::vector<Pipeline*> pipelines;
  for (const auto& receiver : receivers_) receivers.push_back(receiver->component.get());
  for (const auto& retired : retired_nodes_) receivers.push_back(retired.what->component.get());
  for (const auto& pipeline : pipelines_) pipelines.push_back(pipeline.get());
  for (const auto& retired : retired_pipelines_) pipelines.push_back(retired.what.get());
  for (const auto& [name, exporter] : exporters_) exporters.push_back(exporter.get());
  for (const auto& retired : retired_exporters_) exporters.push_back(retired.what.get());
  auto shared_done = std::make_shared<net::Task>(std::move(done));
  auto drain_exporters = [this, exporters = std::move(exporters), all, shared_done] {
    // Probes and scrapers are not waited for: their endpoints close with the gateway.
    drain_all(exporters, all, [this, all, shared_done] { drain_extensions(all, [shared_done] { (*shared_done)(); }); });
  };
  drain_all(receivers, half,
            [pipelines = std::move(pipelines), most, drain_exporters = std::move(drain_exporters)]() mutable {
              drain_processors(std::move(pipelines), 0, most, std::move(drain_exporters));
            });
}

std::uint64_t Gateway::lost_in_drain() const {
  std::uint64_t lost = 0;
  for (const auto& [name, exporter] : exporters_) lost += exporter->lost_in_drain();
  for (const auto& retired : retired_exporters_) lost += retired.what->lost_in_drain();
  return lost;
}

}  // namespace nanospan::gateway

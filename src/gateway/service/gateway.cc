// Wiring, start block and the drain's order. Threads: see the header.
#include "gateway/service/gateway.h"

#include <algorithm>
#include <set>

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

}  // namespace

Gateway::Gateway(GatewayConfig config, const base::Clock& clock, Log::Sink sink)
    : config_(std::move(config)),
      clock_(clock),
      log_(clock, config_.telemetry.log_level, std::move(sink)),
      budget_(config_.memory_budget_bytes != 0 ? config_.memory_budget_bytes
                                               : default_memory_budget_bytes(limits_.memory_bytes)),
      started_(clock.monotonic_now()) {}

Gateway::~Gateway() {
  for (const auto& threads : threads_) threads->stop();
  metrics_endpoint_.reset();
  extensions_.clear();
  receivers_.clear();
  for (const auto& threads : threads_) {
    for (net::EventLoop* loop : threads->loops()) loop->poll_once();  // Servers close their connections on their loops.
  }
}

Result<std::unique_ptr<Gateway>> Gateway::start(GatewayConfig config, const base::Clock& clock, Log::Sink sink) {
  auto gateway = std::make_unique<Gateway>(std::move(config), clock, std::move(sink));
  if (Status built = gateway->build(); !built) return built.error();
  gateway->ready_ = true;
  return gateway;
}

Status Gateway::build() {
  Result<std::unique_ptr<net::LoopThreads>> threads = net::LoopThreads::start(limits_.cpus, "nanospan-loop", clock_);
  if (!threads) return threads.error();
  shared_loops_ = (*threads)->loops();
  threads_.push_back(std::move(threads).value());
  register_process_metrics();
  for (const auto step : {&Gateway::build_extensions, &Gateway::build_exporters, &Gateway::build_pipelines,
                          &Gateway::start_metrics, &Gateway::build_receivers}) {
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

Status Gateway::build_exporters() {
  for (const PipelineConfig& pipeline : config_.pipelines) {
    for (const ComponentId& id : pipeline.exporters) {
      if (exporters_.contains({id.text(), pipeline.signal})) continue;
      if (Status built = build_exporter(id, pipeline.signal); !built)
        return built.error().with_prefix("exporter " + id.text());
    }
  }
  return {};
}

Status Gateway::build_exporter(const ComponentId& id, Signal signal) {
  const auto configured = std::find_if(config_.exporters.begin(), config_.exporters.end(),
                                       [&](const auto& exporter) { return exporter.id == id; });
  Result<std::unique_ptr<Exporter>> exporter = configured->make(*this, signal);
  if (!exporter) return exporter.error();
  if (Status started = (*exporter)->start(); !started) return started;
  exporters_.emplace(std::pair(id.text(), signal), std::move(exporter).value());
  return {};
}

Status Gateway::build_pipelines() {
  for (const PipelineConfig& config : config_.pipelines) {
    Pipeline& pipeline = pipelines_.emplace_back();
    pipeline.config = &config;
    std::vector<Consumer*> exporters;
    for (const ComponentId& id : config.exporters) exporters.push_back(exporter(id, config.signal));
    pipeline.exporters = std::make_unique<FanOut>(std::move(exporters));
    Consumer* next = pipeline.exporters.get();
    for (auto id = config.processors.rbegin(); id != config.processors.rend(); ++id) {
      const auto configured = std::find_if(config_.processors.begin(), config_.processors.end(),
                                           [&](const auto& processor) { return processor.id == *id; });
      Result<std::unique_ptr<Processor>> processor = configured->make(*this, *next);
      if (!processor) return processor.error().with_prefix("processor " + id->text());
      if (Status started = (*processor)->start(); !started)
        return started.error().with_prefix("processor " + id->text());
      next = processor->get();
      pipeline.processors.insert(pipeline.processors.begin(), std::move(processor).value());
    }
  }
  return {};
}

/// A receiver in several pipelines feeds all of them; an exporter that several reach without a processor, only once.
std::vector<Consumer*> Gateway::consumers_of(const ComponentId& receiver, Signal signal) const {
  std::set<std::string> names;
  std::vector<Consumer*> consumers;
  for (const Pipeline& pipeline : pipelines_) {
    if (pipeline.config->signal != signal) continue;
    const std::vector<ComponentId>& receivers = pipeline.config->receivers;
    if (std::find(receivers.begin(), receivers.end(), receiver) == receivers.end()) continue;
    if (!pipeline.processors.empty()) {
      consumers.push_back(pipeline.processors.front().get());
      continue;
    }
    for (const ComponentId& id : pipeline.config->exporters) {
      if (names.insert(id.text()).second) consumers.push_back(exporter(id, signal));
    }
  }
  return consumers;
}

Status Gateway::build_receivers() {
  for (const auto& configured : config_.receivers) {
    const std::string name = configured.id.text();
    SignalConsumers next;
    for (const Signal signal : kSignals) {
      std::vector<Consumer*> consumers = consumers_of(configured.id, signal);
      if (consumers.empty()) continue;
      next.set(signal, *fan_outs_.emplace_back(std::make_unique<FanOut>(std::move(consumers))));
    }
    Result<std::unique_ptr<Component>> receiver = configured.make(*this, next);
    if (!receiver) return receiver.error().with_prefix("receiver " + name);
    if (Status started = (*receiver)->start(); !started) return started.error().with_prefix("receiver " + name);
    receivers_.push_back({name, std::move(receiver).value()});
  }
  return {};
}

Status Gateway::build_extensions() {
  for (const auto& configured : config_.extensions) {
    const std::string name = configured.id.text();
    Result<std::unique_ptr<Component>> extension = configured.make(*this);
    if (!extension) return extension.error().with_prefix("extension " + name);
    if (Status started = (*extension)->start(); !started) return started.error().with_prefix("extension " + name);
    extensions_.push_back({name, std::move(extension).value()});
  }
  return {};
}

Status Gateway::start_metrics() {
  if (!config_.telemetry.metrics_enabled) return {};
  const auto page = [this] {
    net::Response response;
    response.headers.push_back({"Content-Type", "text/plain; version=0.0.4; charset=utf-8"});
    response.body = metrics_.render();
    return response;
  };
  Result<std::unique_ptr<StatusEndpoint>> endpoint = StatusEndpoint::start(
      shared_loop(), {config_.telemetry.metrics_host, config_.telemetry.metrics_port}, {{"/metrics", page}});
  if (!endpoint) return endpoint.error().with_prefix("service.telemetry.metrics");
  metrics_endpoint_ = std::move(endpoint).value();
  return {};
}

void Gateway::register_process_metrics() {
  metrics_.observe_counter("otelcol_process_uptime", "Seconds since the start.", {}, [this] {
    return static_cast<double>(clock_.monotonic_now() - started_) / static_cast<double>(base::kNanosPerSecond);
  });
  metrics_.observe_counter("otelcol_process_cpu_seconds", "CPU time of the process, user and system.", {},
                           [] { return process_usage().cpu_seconds; });
  metrics_.observe_gauge("otelcol_process_memory_rss", "Resident memory in bytes.", {},
                         [] { return static_cast<double>(process_usage().resident_bytes); });
  metrics_.observe_gauge("nanospan_memory_used_bytes", "Bytes that requests in the gateway hold.", {},
                         [this] { return static_cast<double>(budget_.used()); });
  metrics_.observe_gauge("nanospan_memory_budget_bytes", "Bytes that requests may hold (service.memory_budget).", {},
                         [this] { return static_cast<double>(budget_.bytes_max()); });
}

std::string Gateway::describe() const {
  std::string out = "nanospan serves\n";
  for (const NamedComponent& receiver : receivers_)
    out += "  receiver   " + receiver.name + ": " + receiver.component->describe() + "\n";
  std::set<std::string> exporters;  // One line for those that do not differ by signal.
  for (const auto& [name, exporter] : exporters_)
    exporters.insert("  exporter   " + name.first + ": " + exporter->describe() + "\n");
  for (const std::string& line : exporters) out += line;
  for (const Pipeline& pipeline : pipelines_) {
    const PipelineConfig& config = *pipeline.config;
    out += "  pipeline   " + config.id.text() + ": " + join(config.receivers) + " -> ";
    for (std::size_t i = 0; i < pipeline.processors.size(); ++i)
      out += config.processors[i].text() + " (" + pipeline.processors[i]->describe() + ") -> ";
    out += join(config.exporters) + "\n";
  }
  for (const NamedComponent& extension : extensions_)
    out += "  extension  " + extension.name + ": " + extension.component->describe() + "\n";
  if (metrics_endpoint_ != nullptr) {
    out += "  metrics    http " + ListenAddress{config_.telemetry.metrics_host, metrics_endpoint_->port()}.text() +
           "/metrics\n";
  }
  out += "  limits     " + format_byte_size(budget_.bytes_max()) + " of requests in memory, " +
         std::to_string(shared_loops_.size()) + " event loops, " + format_duration(config_.shutdown_nanos) +
         " to drain on SIGTERM\n";
  out += "  machine    " + format_byte_size(limits_.memory_bytes) + " of memory (" + limits_.memory_reason + "), " +
         std::to_string(limits_.cpus) + " processors (" + limits_.cpu_reason + ")\n";
  return out;
}

/// Drains the processors at `place` of all pipelines, then those after them: what one gives up the next still takes.
void Gateway::drain_processors(std::size_t place, base::Deadline deadline, net::Task done) {
  std::vector<Component*> processors;
  for (const Pipeline& pipeline : pipelines_) {
    if (place < pipeline.processors.size()) processors.push_back(pipeline.processors[place].get());
  }
  if (processors.empty()) return done();
  drain_all(processors, deadline, [this, place, deadline, done = std::move(done)]() mutable {
    drain_processors(place + 1, deadline, std::move(done));
  });
}

void Gateway::begin_drain(net::Task done) {
  ready_ = false;
  const base::Deadline all = base::Deadline::after(clock_, config_.shutdown_nanos);
  const base::Deadline half = base::Deadline::after(clock_, config_.shutdown_nanos / 2);
  const base::Deadline most = base::Deadline::after(clock_, config_.shutdown_nanos / 4 * 3);
  std::vector<Component*> receivers;
  for (const NamedComponent& receiver : receivers_) receivers.push_back(receiver.component.get());
  auto shared_done = std::make_shared<net::Task>(std::move(done));
  drain_all(receivers, half, [this, all, most, shared_done] {
    drain_processors(0, most, [this, all, shared_done] {
      std::vector<Component*> exporters;
      for (const auto& [name, exporter] : exporters_) exporters.push_back(exporter.get());
      // Probes and scrapers are not waited for: their endpoints close with the gateway.
      drain_all(exporters, all, [shared_done] { (*shared_done)(); });
    });
  });
}

std::uint64_t Gateway::lost_in_drain() const {
  std::uint64_t lost = 0;
  for (const auto& [name, exporter] : exporters_) lost += exporter->lost_in_drain();
  return lost;
}

}  // namespace nanospan::gateway

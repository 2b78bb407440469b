// Comparing, making, and the moment of change. One thread; see the header.
#include "gateway/service/gateway_reload.h"

#include <algorithm>
#include <utility>

#include "net/standstill.h"

namespace nanospan::gateway {
namespace {

/// The gateway, but whoever asks for a loop gets this one: that of the exporter to be replaced.
class PinnedHost final : public Host {
 public:
  PinnedHost(Host& host, net::EventLoop& loop) : host_(host), loop_(loop) {}
  const std::vector<net::EventLoop*>& loops() override { return host_.loops(); }
  net::EventLoop& shared_loop() override { return loop_; }
  net::EventLoop& own_loop() override { return loop_; }
  net::EventLoop& slow_loop() override { return host_.slow_loop(); }
  const base::Clock& clock() override { return host_.clock(); }
  MemoryBudget& budget() override { return host_.budget(); }
  std::uint64_t memory_bytes() const override { return host_.memory_bytes(); }
  MetricsRegistry& metrics() override { return host_.metrics(); }
  Log& log() override { return host_.log(); }
  Authenticators& authenticators() override { return host_.authenticators(); }
  const net::ProxySettings& proxies() const override { return host_.proxies(); }
  bool is_ready() const override { return host_.is_ready(); }
  std::shared_ptr<const ServiceStatus> status() const override { return host_.status(); }

 private:
  Host& host_;
  net::EventLoop& loop_;
};

template <class T>
auto find_id(T& all, const ComponentId& id) {
  return std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.id == id; });
}
template <class T>
auto find_node(T& all, const ComponentId& id) {
  return std::find_if(all.begin(), all.end(), [&](const auto& one) { return one != nullptr && one->id == id; });
}

template <class M>
std::vector<ComponentId> ids_of(const std::vector<ConfiguredComponent<M>>& all) {
  std::vector<ComponentId> ids;
  for (const auto& one : all) ids.push_back(one.id);
  return ids;
}

}  // namespace

Result<std::string> Reload::run() {
  compare();
  if (summary_.empty()) return summary_;
  authenticators_before_ = gateway_.authenticators_;
  if (Status prepared = prepare(); !prepared) {
    take_back();
    return prepared.error();
  }
  commit();
  return summary_;
}

void Reload::note(const std::string& what) { summary_ += (summary_.empty() ? "" : ", ") + what; }

// --- What differs ---

void Reload::compare() {
  changed_extensions_ = compare("extension", next_.extensions, gateway_.config_.extensions);
  changed_exporters_ = compare("exporter", next_.exporters, gateway_.config_.exporters);
  changed_processors_ = compare("processor", next_.processors, gateway_.config_.processors);
  changed_receivers_ = compare("receiver", next_.receivers, gateway_.config_.receivers);
  compare_pipelines();
  compare_service();
}

/// The names of those that are new or other than before. Of the rest `next` gets the makers that made them: they know
/// what they made.
template <class M>
std::set<std::string> Reload::compare(const char* kind, std::vector<ConfiguredComponent<M>>& next,
                                      const std::vector<ConfiguredComponent<M>>& now) {
  std::set<std::string> changed;
  for (ConfiguredComponent<M>& one : next) {
    const std::string name = one.id.text();
    const auto before = find_id(now, one.id);
    if (before == now.end()) {
      note(std::string(kind) + " " + name + " added");
      changed.insert(name);
    } else if (!same_config(one.config, before->config) || uses_changed_extension(one.config)) {
      note(std::string(kind) + " " + name + " changed");
      changed.insert(name);
    } else {
      one.make = before->make;
    }
  }
  for (const ConfiguredComponent<M>& one : now) {
    if (find_id(next, one.id) == next.end()) note(std::string(kind) + " " + one.id.text() + " removed");
  }
  return changed;
}

/// An authenticator is handed out when a component is made.
bool Reload::uses_changed_extension(const ConfigNode& config) const {
  return std::any_of(config.entries.begin(), config.entries.end(), [this](const ConfigNode::Entry& entry) {
    return (entry.key == "authenticator" && changed_extensions_.contains(entry.value.as_string())) ||
           uses_changed_extension(entry.value);
  });
}

void Reload::compare_pipelines() {
  for (const PipelineConfig& next : next_.pipelines) {
    const auto before = find_id(gateway_.config_.pipelines, next.id);
    if (before == gateway_.config_.pipelines.end()) {
      note("pipeline " + next.id.text() + " added");
    } else if (before->receivers != next.receivers || before->processors != next.processors ||
               before->exporters != next.exporters) {
      note("pipeline " + next.id.text() + " changed");
    }
  }
  for (const PipelineConfig& now : gateway_.config_.pipelines) {
    if (find_id(next_.pipelines, now.id) == next_.pipelines.end()) note("pipeline " + now.id.text() + " removed");
  }
}

void Reload::compare_service() {
  const GatewayConfig& now = gateway_.config_;
  if (!(next_.telemetry == now.telemetry)) note("service.telemetry changed");
  if (next_.memory_budget_bytes != now.memory_budget_bytes) note("service.memory_budget changed");
  if (next_.memory_limit_bytes != now.memory_limit_bytes) note("service.memory_limit changed");
  if (next_.shutdown_nanos != now.shutdown_nanos) note("service.shutdown_timeout changed");
}

// --- Making, beside what there is ---

Status Reload::prepare() {
  for (const auto step : {&Reload::prepare_extensions, &Reload::prepare_exporters, &Reload::prepare_pipelines,
                          &Reload::prepare_metrics, &Reload::prepare_receivers}) {
    if (Status done = (this->*step)(); !done) return done;
  }
  return {};
}

/// Where the old one is on the port that the new one wants it makes room first; and comes again if that was in vain.
Result<std::unique_ptr<Gateway::Node>> Reload::make_beside(
    Nodes& now, const ComponentId& id, const std::function<Result<std::unique_ptr<Node>>()>& make,
    const std::function<Result<std::unique_ptr<Node>>()>& make_again) {
  Result<std::unique_ptr<Node>> made = make();
  const auto before = find_node(now, id);
  if (made || before == now.end() || made.error().code != ErrorCode::kAlreadyExists) return made;
  stop(*(*before)->component);
  make_again_.push_back([this, &now, id, make_again] {
    Result<std::unique_ptr<Node>> again = make_again();
    if (!again) return gateway_.log_.error("reload", "cannot be made again: " + again.error().message);
    gateway_.retire(std::exchange(*find_node(now, id), std::move(again).value()));
  });
  return make();
}

/// It listens no more when this returns.
void Reload::stop(Component& component) {
  component.drain(base::Deadline::after(gateway_.clock_, next_.shutdown_nanos / 2), [] {});
  const net::Standstill posted_before_have_run(gateway_.shared_loops_);
}

Status Reload::prepare_extensions() {
  const auto& before = gateway_.config_.extensions;
  for (const auto& configured : next_.extensions) {
    if (!changed_extensions_.contains(configured.id.text())) continue;
    Result<std::unique_ptr<Node>> made = make_beside(
        gateway_.extensions_, configured.id, [&] { return gateway_.make_extension(configured); },
        [this, &before, id = configured.id] { return gateway_.make_extension(*find_id(before, id)); });
    if (!made) return made.error();
    extensions_.push_back(std::move(made).value());
  }
  return {};
}

/// First those that take the place of others: a file is handed from one to the next.
Status Reload::prepare_exporters() {
  for (const bool existing : {true, false}) {
    for (const PipelineConfig& pipeline : next_.pipelines) {
      for (const ComponentId& id : pipeline.exporters) {
        const bool exists = gateway_.exporters_.contains({id.text(), pipeline.signal});
        if (exists != existing) continue;
        if (Status prepared = prepare_exporter(id, pipeline.signal); !prepared) return prepared;
      }
    }
  }
  return {};
}

Status Reload::prepare_exporter(const ComponentId& id, Signal signal) {
  const Gateway::ExporterKey key(id.text(), signal);
  if (exporters_.contains(key)) return {};
  const auto before = gateway_.exporters_.find(key);
  if (before == gateway_.exporters_.end()) {
    Result<std::unique_ptr<Exporter>> made = gateway_.make_exporter(next_, id, signal, gateway_, nullptr);
    if (!made) return made.error();
    exporters_[key] = made->get();
    added_.emplace(key, std::move(made).value());
    return {};
  }
  exporters_[key] = before->second.get();
  if (!changed_exporters_.contains(id.text())) return {};
  PinnedHost host(gateway_, before->second->loop());
  Result<std::unique_ptr<Exporter>> made = gateway_.make_exporter(next_, id, signal, host, before->second.get());
  if (!made) return made.error();
  replacing_.emplace(key, std::move(made).value());
  return {};
}

bool Reload::keeps(const Pipeline& pipeline, const PipelineConfig& next) const {
  return pipeline.config.processors == next.processors &&
         std::none_of(next.processors.begin(), next.processors.end(),
                      [this](const ComponentId& id) { return changed_processors_.contains(id.text()); });
}

Status Reload::prepare_pipelines() {
  for (const PipelineConfig& config : next_.pipelines) {
    const auto before = std::find_if(gateway_.pipelines_.begin(), gateway_.pipelines_.end(),
                                     [&](const auto& pipeline) { return pipeline->config.id == config.id; });
    if (before != gateway_.pipelines_.end() && keeps(**before, config)) {
      pipelines_.push_back(nullptr);
      entrances_.push_back({&config, (*before)->first()});
      continue;
    }
    Result<std::unique_ptr<Pipeline>> made = gateway_.make_pipeline(next_, config, exporters_);
    if (!made) return made.error();
    entrances_.push_back({&config, (*made)->first()});
    pipelines_.push_back(std::move(made).value());
  }
  return {};
}

Status Reload::prepare_metrics() {
  const TelemetryConfig& now = gateway_.config_.telemetry;
  const TelemetryConfig& next = next_.telemetry;
  metrics_changed_ = now.metrics_enabled != next.metrics_enabled || now.metrics_host != next.metrics_host ||
                     now.metrics_port != next.metrics_port;
  if (!metrics_changed_) return {};
  Result<std::unique_ptr<StatusEndpoint>> made = gateway_.make_metrics_endpoint(next);
  if (!made && made.error().code == ErrorCode::kAlreadyExists && gateway_.metrics_endpoint_ != nullptr) {
    retire_metrics();
    const net::Standstill posted_before_have_run(gateway_.shared_loops_);
    make_again_.push_back([this] {
      Result<std::unique_ptr<StatusEndpoint>> again = gateway_.make_metrics_endpoint(gateway_.config_.telemetry);
      if (!again) return gateway_.log_.error("reload", "cannot be made again: " + again.error().message);
      gateway_.metrics_endpoint_ = std::move(again).value();
    });
    made = gateway_.make_metrics_endpoint(next);
  }
  if (!made) return made.error();
  metrics_ = std::move(made).value();
  return {};
}

/// It may be the one that a reload was asked for through: that is still answered.
void Reload::retire_metrics() {
  if (gateway_.metrics_endpoint_ == nullptr) return;
  gateway_.metrics_endpoint_->drain(base::Deadline::after(gateway_.clock_, base::kNanosPerSecond), [] {});
  gateway_.retired_endpoints_.push_back(std::move(gateway_.metrics_endpoint_));
}

/// Whether the receiver is in pipelines of the same signals as before: it answers for those only.
bool Reload::takes_as_before(const Node& receiver) const {
  return std::all_of(kSignals.begin(), kSignals.end(), [&](Signal signal) {
    const bool takes = !Gateway::consumers_of(receiver.id, signal, entrances_, exporters_).empty();
    return takes == (receiver.next[signal] != nullptr);
  });
}

Status Reload::prepare_receivers() {
  const auto& before = gateway_.config_.receivers;
  for (const auto& configured : next_.receivers) {
    const auto now = find_node(gateway_.receivers_, configured.id);
    if (!changed_receivers_.contains(configured.id.text()) && takes_as_before(**now)) continue;
    Result<std::unique_ptr<Node>> made = make_beside(
        gateway_.receivers_, configured.id, [&] { return gateway_.make_receiver(configured, entrances_, exporters_); },
        [this, &before, id = configured.id] {
          return gateway_.make_receiver(*find_id(before, id), gateway_.entrances(), gateway_.exporter_table());
        });
    if (!made) return made.error();
    receivers_.push_back(std::move(made).value());
  }
  return {};
}

/// What has been made may hold requests already: it finishes them, as everything that is replaced does.
void Reload::take_back() {
  gateway_.authenticators_ = authenticators_before_;
  metrics_.reset();
  for (const Nodes* nodes : {&receivers_, &extensions_}) {
    for (const std::unique_ptr<Node>& node : *nodes) stop(*node->component);
  }
  {
    const net::Standstill disks(own_loops_of(replacing_));
    const net::Standstill still(gateway_.shared_loops_);
    replacing_.clear();
    for (const std::unique_ptr<Node>& node : receivers_) point(*node, gateway_.entrances(), gateway_.exporter_table());
  }
  for (Nodes* nodes : {&receivers_, &extensions_}) {
    for (std::unique_ptr<Node>& node : *nodes) gateway_.retire(std::move(node));
  }
  for (const std::function<void()>& again : make_again_) again();
  for (std::unique_ptr<Pipeline>& pipeline : pipelines_) {
    if (pipeline != nullptr) gateway_.retire(std::move(pipeline));
  }
  for (auto& [key, exporter] : added_) gateway_.retired_exporters_.push_back({std::move(exporter), {}, false});
  gateway_.drain_unused_exporters();
}

/// The loops stand still.
void Reload::point(const Node& receiver, const std::vector<Gateway::Entrance>& pipelines,
                   const Gateway::ExporterTable& exporters) {
  for (const Signal signal : kSignals) {
    if (receiver.next[signal] == nullptr) continue;
    receiver.next[signal]->replace(Gateway::consumers_of(receiver.id, signal, pipelines, exporters));
  }
}

// --- The change ---

/// Loops of disks, which may take long to stand: they come first, and nobody else waits meanwhile.
std::vector<net::EventLoop*> Reload::own_loops_of(const MadeExporters& exporters) const {
  std::set<net::EventLoop*> own;
  for (const auto& [key, exporter] : exporters) own.insert(&exporter->loop());
  for (net::EventLoop* shared : gateway_.shared_loops_) own.erase(shared);
  return {own.begin(), own.end()};
}

/// The loops stand still.
void Reload::redirect() {
  for (auto& [key, exporter] : replacing_) gateway_.exporters_.at(key)->take_over(std::move(exporter));
  for (std::size_t i = 0; i < pipelines_.size(); ++i) {
    if (pipelines_[i] != nullptr) continue;
    const auto kept = std::find_if(gateway_.pipelines_.begin(), gateway_.pipelines_.end(),
                                   [&](const auto& one) { return one->config.id == next_.pipelines[i].id; });
    (*kept)->exporters->replace(Gateway::exporters_of(next_.pipelines[i], exporters_));
    (*kept)->config = next_.pipelines[i];
    pipelines_[i] = std::move(*kept);
  }
  std::erase(gateway_.pipelines_, nullptr);
  // Also of those that finish their last requests: what they fed is about to go.
  for (const auto& node : gateway_.receivers_) point(*node, entrances_, exporters_);
  for (const auto& retired : gateway_.retired_nodes_) point(*retired.what, entrances_, exporters_);
}

/// Those of `made`, and of those there are now what `order` still names; the others retire.
void Reload::replace_nodes(Nodes& now, Nodes made, const std::vector<ComponentId>& order) {
  Nodes next;
  for (const ComponentId& id : order) {
    const auto fresh = find_node(made, id);
    const auto kept = find_node(now, id);
    next.push_back(std::move(fresh != made.end() ? *fresh : *kept));
  }
  for (std::unique_ptr<Node>& node : now) {
    if (node != nullptr) gateway_.retire(std::move(node));
  }
  now = std::move(next);
}

void Reload::commit() {
  {
    const net::Standstill disks(own_loops_of(replacing_));
    const net::Standstill still(gateway_.shared_loops_);
    redirect();
  }
  replace_nodes(gateway_.receivers_, std::move(receivers_), ids_of(next_.receivers));
  replace_nodes(gateway_.extensions_, std::move(extensions_), ids_of(next_.extensions));
  std::vector<std::unique_ptr<Pipeline>> old = std::exchange(gateway_.pipelines_, std::move(pipelines_));
  for (std::unique_ptr<Pipeline>& pipeline : old) gateway_.retire(std::move(pipeline));
  std::vector<Gateway::ExporterKey> unused;
  for (const auto& [key, exporter] : gateway_.exporters_) {
    if (!exporters_.contains(key)) unused.push_back(key);
  }
  for (const Gateway::ExporterKey& key : unused) gateway_.retire_exporter(key);
  for (auto& [key, exporter] : added_) gateway_.exporters_.emplace(key, std::move(exporter));
  gateway_.drain_unused_exporters();
  if (metrics_changed_) {
    retire_metrics();
    gateway_.metrics_endpoint_ = std::move(metrics_);
  }
  for (const auto& extension : gateway_.config_.extensions) {
    if (find_id(next_.extensions, extension.id) == next_.extensions.end())
      gateway_.authenticators_.remove(extension.id.text());
  }
  gateway_.log_.set_level(next_.telemetry.log_level);
  gateway_.show_resource(next_.telemetry);
  gateway_.governor_.configure(Gateway::memory_settings(next_));
  gateway_.config_ = std::move(next_);
  gateway_.publish_status();
}

// --- Gateway's part ---

Result<std::string> Gateway::reload(GatewayConfig next) {
  retired_endpoints_.clear();
  return Reload(*this, std::move(next)).run();
}

net::Task Gateway::finish(const std::shared_ptr<std::atomic<bool>>& done) const {
  return [done, tell = requests_.reap] {
    done->store(true);
    if (tell) tell();
  };
}

void Gateway::retire(std::unique_ptr<Node> node) {
  retired_nodes_.push_back({std::move(node)});
  const auto& [what, done, is_draining] = retired_nodes_.back();
  what->component->drain(base::Deadline::after(clock_, config_.shutdown_nanos / 2), finish(done));
}

/// What it holds was acknowledged perhaps: it takes as long as it takes.
void Gateway::retire(std::unique_ptr<Pipeline> pipeline) {
  retired_pipelines_.push_back({std::move(pipeline)});
  const auto& [what, done, is_draining] = retired_pipelines_.back();
  drain_processors({what.get()}, 0, base::Deadline::never(), finish(done));
}

void Gateway::retire_exporter(const ExporterKey& key) {
  retired_exporters_.push_back({std::move(exporters_.extract(key).mapped()), {}, false});
}

/// Retired ones are drained when no pipeline that still gives up what it holds could need them.
void Gateway::drain_unused_exporters() {
  for (Retired<Exporter>& retired : retired_exporters_) {
    const bool in_use = std::any_of(retired_pipelines_.begin(), retired_pipelines_.end(), [&](const auto& pipeline) {
      return pipeline.what->exporters->feeds(*retired.what);
    });
    if (in_use || std::exchange(retired.is_draining, true)) continue;
    retired.done = std::make_shared<std::atomic<bool>>(false);
    retired.what->drain(base::Deadline::never(), finish(retired.done));
  }
}

void Gateway::reap() {
  const auto is_done = [](const auto& retired) { return retired.done != nullptr && retired.done->load(); };
  if (std::any_of(retired_nodes_.begin(), retired_nodes_.end(), is_done) ||
      std::any_of(retired_pipelines_.begin(), retired_pipelines_.end(), is_done)) {
    const net::Standstill slow({governor_loop_});  // first, as it may take a while: nobody else waits meanwhile
    const net::Standstill still(shared_loops_);
    std::erase_if(retired_nodes_, is_done);
    std::erase_if(retired_pipelines_, is_done);
  }
  drain_unused_exporters();
  if (std::any_of(retired_exporters_.begin(), retired_exporters_.end(), is_done)) {
    {
      // Those that are done have nothing to do on their own loops: these stand at once.
      std::set<net::EventLoop*> loops(shared_loops_.begin(), shared_loops_.end());
      for (const auto& retired : retired_exporters_) {
        if (is_done(retired)) loops.insert(&retired.what->loop());
      }
      const net::Standstill still(std::vector<net::EventLoop*>(loops.begin(), loops.end()));
      std::erase_if(retired_exporters_, is_done);
    }
    end_unused_loops();
  }
}

/// Threads of their own, whose exporters are gone.
void Gateway::end_unused_loops() {
  std::set<const net::EventLoop*> used(shared_loops_.begin(), shared_loops_.end());
  used.insert(governor_loop_);
  for (const auto& [key, exporter] : exporters_) used.insert(&exporter->loop());
  for (const auto& retired : retired_exporters_) used.insert(&retired.what->loop());
  std::erase_if(threads_, [&](const auto& threads) { return !used.contains(threads->loops().front()); });
}

}  // namespace nanospan::gateway

// Reload: the change of a running Gateway from its configuration to another one. Internal to Gateway.
//
// First everything new is made and started beside the old: extensions, exporters, pipelines, then what listens. That
// may fail, and then it is taken back. Then, while the event loops stand still, receivers are pointed to the new
// pipelines and exporters take over from what replaces them: that cannot fail, and takes microseconds. What was
// replaced finishes what it has begun (Gateway::reap()).
//
// Used once, by the service's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gateway/service/gateway.h"

namespace nanospan::gateway {

class Reload {
 public:
  Reload(Gateway& gateway, GatewayConfig next) : gateway_(gateway), next_(std::move(next)) {}
  /// See Gateway::reload().
  Result<std::string> run();

 private:
  using Node = Gateway::Node;
  using Pipeline = Gateway::Pipeline;
  using Nodes = std::vector<std::unique_ptr<Node>>;
  using MadeExporters = std::map<Gateway::ExporterKey, std::unique_ptr<Exporter>>;

  void compare();
  template <class M>
  std::set<std::string> compare(const char* kind, std::vector<ConfiguredComponent<M>>& next,
                                const std::vector<ConfiguredComponent<M>>& now);
  bool uses_changed_extension(const ConfigNode& config) const;
  void compare_pipelines();
  void compare_service();
  void note(const std::string& what);

  Status prepare();
  Status prepare_extensions();
  Status prepare_exporters();
  Status prepare_exporter(const ComponentId& id, Signal signal);
  Status prepare_pipelines();
  Status prepare_metrics();
  Status prepare_receivers();
  Result<std::unique_ptr<Node>> make_beside(Nodes& now, const ComponentId& id,
                                            const std::function<Result<std::unique_ptr<Node>>()>& make,
                                            const std::function<Result<std::unique_ptr<Node>>()>& make_again);
  void stop(Component& component);
  bool takes_as_before(const Node& receiver) const;
  bool keeps(const Pipeline& pipeline, const PipelineConfig& next) const;

  void take_back();
  void commit();
  void redirect();
  static void point(const Node& receiver, const std::vector<Gateway::Entrance>& pipelines,
                    const Gateway::ExporterTable& exporters);
  std::vector<net::EventLoop*> own_loops_of(const MadeExporters& exporters) const;
  void retire_metrics();
  void replace_nodes(Nodes& now, Nodes made, const std::vector<ComponentId>& order);

  Gateway& gateway_;
  GatewayConfig next_;
  std::string summary_;
  std::set<std::string> changed_extensions_, changed_processors_, changed_exporters_, changed_receivers_;

  Authenticators authenticators_before_;
  Nodes extensions_, receivers_;     // what is made anew
  MadeExporters replacing_, added_;  // of those that change; of new ones
  Gateway::ExporterTable exporters_;
  std::vector<std::unique_ptr<Pipeline>> pipelines_;  // as next_.pipelines; null: the one that is there goes on
  std::vector<Gateway::Entrance> entrances_;
  bool metrics_changed_ = false;
  std::unique_ptr<StatusEndpoint> metrics_;
  std::vector<std::function<void()>> make_again_;  // what had to make room
};

}  // namespace nanospan::gateway

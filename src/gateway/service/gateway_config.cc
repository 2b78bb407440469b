// The top of a configuration file: which components there are, which of them the service uses, and how pipelines join
// them. Rules and messages follow the Collector's (otelcol/config.go, service/pipelines/config.go). One thread.
#include "gateway/service/gateway_config.h"

#include <algorithm>
#include <set>

#include "gateway/config/units.h"
#include "gateway/config/yaml.h"
#include "gateway/service/telemetry_config.h"

namespace nanospan::gateway {
namespace {

bool is_type(std::string_view type) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !type.empty() && type.size() <= 63 && letter(type.front()) &&
         std::all_of(type.begin(), type.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

/// "type[/name]" (component/identifiable.go); the error says what is wrong.
Result<ComponentId> parse_id(std::string_view text) {
  const std::size_t slash = text.find('/');
  ComponentId id{std::string(text.substr(0, slash)), slash == text.npos ? "" : std::string(text.substr(slash + 1))};
  if (!is_type(id.type)) {
    return Error{ErrorCode::kInvalidArgument,
                 "\"" + std::string(text) + "\" does not begin with a component type; write type or type/name"};
  }
  if (slash != text.npos && id.name.empty())
    return Error{ErrorCode::kInvalidArgument, "the name after \"/\" is empty; write type/name"};
  if (id.name.size() > 1024 || std::any_of(id.name.begin(), id.name.end(), [](char c) { return c >= 0 && c <= ' '; })) {
    return Error{ErrorCode::kInvalidArgument, "the name after \"/\" is longer than 1024 bytes or has white space"};
  }
  return id;
}

/// A list of names of components, for which the Collector takes no text with commas. False after a complaint.
bool read_names(MapReader& reader, std::string_view key, std::vector<std::string>& out) {
  if (const ConfigNode* value = reader.node(key); value != nullptr && value->kind != ConfigNode::Kind::kList) {
    reader.fail(key, "must be a list of names; put it in brackets");
    return false;
  }
  reader.read_list(key, out);
  return true;
}

template <class M>
struct Declared {
  ComponentId id;
  int line = 0;
  M make;
  const ConfigNode* config = nullptr;
  bool used = false;
};

class Loader {
 public:
  Loader(const ConfigNode& root, const ComponentRegistry& registry, Diagnostics& diagnostics)
      : root_(root), registry_(registry), diagnostics_(diagnostics) {}

  GatewayConfig run() {
    MapReader top(root_, "", diagnostics_);
    if (root_.is_null())
      top.fail("", "the configuration is empty; it needs receivers, exporters and service.pipelines");
    read_components(top, "receivers", registry_.receivers, receivers_);
    read_components(top, "processors", registry_.processors, processors_);
    read_components(top, "exporters", registry_.exporters, exporters_);
    read_components(top, "extensions", registry_.extensions, extensions_);
    refuse_section(top, "connectors");
    if (std::optional<MapReader> service = top.child("service")) {
      read_service(*service);
    } else if (!root_.is_null()) {
      top.fail("service", "is missing; add service.pipelines.traces with receivers and exporters");
    }
    top.finish();
    return std::move(config_);
  }

 private:
  template <class M>
  void read_components(MapReader& top, std::string_view section, const std::vector<Factory<M>>& factories,
                       std::vector<Declared<M>>& out) {
    const ConfigNode* node = top.node(section);
    if (node == nullptr) return;
    if (node->kind != ConfigNode::Kind::kMap) return top.fail(section, "expected a map of components");
    for (const ConfigNode::Entry& entry : node->entries) {
      const std::string path = std::string(section) + "." + entry.key;
      Result<ComponentId> id = parse_id(entry.key);
      if (!id) {
        diagnostics_.error(entry.line, path, id.error().message);
        continue;
      }
      const auto factory =
          std::find_if(factories.begin(), factories.end(), [&](const auto& f) { return f.is_called(id->type); });
      if (factory == factories.end()) {
        diagnostics_.error(entry.line, path, unknown_type(section, id->type, factories));
        continue;
      }
      MapReader config(entry.value, path, diagnostics_);
      M make = factory->read(*id, config);
      config.finish();
      out.push_back({*std::move(id), entry.line, std::move(make), &entry.value});
    }
  }

  template <class M>
  static std::string unknown_type(std::string_view section, const std::string& type,
                                  const std::vector<Factory<M>>& factories) {
    std::vector<std::string_view> names;
    for (const Factory<M>& factory : factories) {
      names.push_back(factory.type);
      names.insert(names.end(), factory.aliases.begin(), factory.aliases.end());
    }
    const std::string kind(section.substr(0, section.size() - 1));
    if (section == "processors" && (type == "filter" || type == "transform")) {
      return "this build does not run OTTL, so it has no " + type + " processor; remove it here and from the pipelines";
    }
    std::string text = "this build has no " + kind + " of type \"" + type + "\"";
    if (const std::string_view meant = nearest(type, names); !meant.empty()) {
      return text + "; did you mean \"" + std::string(meant) + "\"?";
    }
    text += "; it has:";
    for (const Factory<M>& factory : factories) text.append(" ").append(factory.type);
    return text;
  }

  void refuse_section(MapReader& top, std::string_view section) {
    const ConfigNode* node = top.node(section);
    if (node == nullptr) return;
    for (const ConfigNode::Entry& entry : node->entries) {
      diagnostics_.error(entry.line, std::string(section) + "." + entry.key,
                         "this build has no " + std::string(section) + "; remove it here and from the pipelines");
    }
  }

  void read_service(MapReader& service) {
    std::vector<std::string> names;
    read_names(service, "extensions", names);
    for (const std::string& name : names) use_extension(service, name);
    for (const Declared<Maker<Component>>& extension : extensions_)
      warn_if_unused(extension, "extensions", "service.extensions");
    if (std::optional<MapReader> telemetry = service.child("telemetry"))
      read_telemetry_config(*telemetry, config_.telemetry);
    service.read_bytes("memory_budget", config_.memory_budget_bytes, 1 << 20);
    service.read_bytes("memory_limit", config_.memory_limit_bytes, 32 << 20);
    service.read_duration("shutdown_timeout", config_.shutdown_nanos);
    read_pipelines(service);
    service.finish();
    take_used(receivers_, "receivers", config_.receivers);
    take_used(processors_, "processors", config_.processors);
    take_used(exporters_, "exporters", config_.exporters);
    for (const auto& receiver : config_.receivers) check_authenticators("receivers", receiver.id);
    for (const auto& exporter : config_.exporters) check_authenticators("exporters", exporter.id);
  }

  void use_extension(MapReader& service, const std::string& name) {
    const auto found =
        std::find_if(extensions_.begin(), extensions_.end(), [&](const auto& e) { return e.id.text() == name; });
    if (found == extensions_.end())
      return service.fail("extensions", not_declared("extension", name, extensions_, "extensions"));
    if (std::exchange(found->used, true))
      return service.fail("extensions", "\"" + name + "\" is listed twice; remove one");
    config_.extensions.push_back({found->id, std::move(found->make), *found->config});
  }

  template <class M>
  static std::string not_declared(std::string_view kind, const std::string& name,
                                  const std::vector<Declared<M>>& declared, std::string_view section) {
    std::vector<std::string> texts;
    for (const Declared<M>& component : declared) texts.push_back(component.id.text());
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    std::string text = "there is no " + std::string(kind) + " \"" + name + "\"";
    if (const std::string_view meant = nearest(name, views); !meant.empty())
      return text + "; did you mean \"" + std::string(meant) + "\"?";
    return text + "; declare it under " + std::string(section) + ":";
  }

  template <class M>
  void warn_if_unused(const Declared<M>& component, std::string_view section, std::string_view where) {
    if (component.used) return;
    diagnostics_.warning(component.line, std::string(section) + "." + component.id.text(),
                         "is declared but not used; add it to " + std::string(where) + " or remove it");
  }

  template <class M>
  void take_used(std::vector<Declared<M>>& declared, std::string_view section,
                 std::vector<ConfiguredComponent<M>>& out) {
    for (Declared<M>& component : declared) {
      warn_if_unused(component, section, "a pipeline");
      if (component.used) out.push_back({component.id, std::move(component.make), *component.config});
    }
  }

  void check_authenticators(std::string_view section, const ComponentId& id) {
    const ConfigNode* const component = root_.find(section)->find(id.text());
    if (component != nullptr) check_authenticators(*component, std::string(section) + "." + id.text());
  }

  /// Each `auth.authenticator` names an extension that the service uses.
  void check_authenticators(const ConfigNode& node, const std::string& path) {
    for (const ConfigNode::Entry& entry : node.entries) {
      const std::string here = path + "." + entry.key;
      check_authenticators(entry.value, here);
      const ConfigNode* const name = entry.key == "auth" ? entry.value.find("authenticator") : nullptr;
      if (name == nullptr || name->text.empty()) continue;
      const auto is_named = [&](const auto& extension) { return extension.id.text() == name->text; };
      if (std::any_of(config_.extensions.begin(), config_.extensions.end(), is_named)) continue;
      const bool declared = std::any_of(extensions_.begin(), extensions_.end(), is_named);
      diagnostics_.error(name->line, here + ".authenticator",
                         declared ? "\"" + name->text + "\" is not in service.extensions; add it there"
                                  : not_declared("extension", name->text, extensions_, "extensions"));
    }
  }

  void read_pipelines(MapReader& service) {
    const ConfigNode* node = service.node("pipelines");
    if (node == nullptr || node->kind != ConfigNode::Kind::kMap || node->entries.empty()) {
      return service.fail("pipelines",
                          "there is no pipeline; add service.pipelines.traces with receivers and exporters");
    }
    for (const ConfigNode::Entry& entry : node->entries) {
      MapReader reader(entry.value, "service.pipelines." + entry.key, diagnostics_);
      const Result<ComponentId> id = parse_id(entry.key);
      if (!id) {
        reader.fail("", id.error().message);
      } else if (const std::optional<Signal> signal = find_signal(id->type); !signal) {
        reader.fail("", "\"" + id->type +
                            "\" is no signal; pipelines are called traces, metrics, logs or profiles, or one of these "
                            "with /name");
      } else {
        read_pipeline(reader, *id, *signal);
      }
    }
  }

  void read_pipeline(MapReader& reader, const ComponentId& id, Signal signal) {
    PipelineConfig pipeline{id, signal, {}, {}, {}};
    pipeline.receivers = use_all(reader, "receivers", "receiver", receivers_);
    pipeline.processors = use_all(reader, "processors", "processor", processors_, false);
    pipeline.exporters = use_all(reader, "exporters", "exporter", exporters_);
    for (const ComponentId& processor : pipeline.processors) {
      const auto factory = std::find_if(registry_.processors.begin(), registry_.processors.end(),
                                        [&](const auto& f) { return f.is_called(processor.type); });
      if (std::find(factory->signals.begin(), factory->signals.end(), signal) != factory->signals.end()) {
        check_signal(*factory, processor, signal);
        continue;
      }
      reader.fail("processors", "\"" + processor.text() + "\" cannot process " + std::string(info_of(signal).name) +
                                    " in this build; remove it");
    }
    reader.finish();
    config_.pipelines.push_back(std::move(pipeline));
  }

  /// Once for each signal, however many pipelines there are.
  void check_signal(const ProcessorFactory& factory, const ComponentId& id, Signal signal) {
    const std::string name = id.text();
    if (!factory.check_signal || !checked_.emplace(name, signal).second) return;
    MapReader config(*root_.find("processors")->find(name), "processors." + name, diagnostics_);
    factory.check_signal(config, signal);
  }

  template <class M>
  std::vector<ComponentId> use_all(MapReader& reader, std::string_view key, std::string_view kind,
                                   std::vector<Declared<M>>& declared, bool is_required = true) {
    std::vector<std::string> names;
    if (!read_names(reader, key, names)) return {};
    if (names.empty() && is_required) reader.fail(key, "is empty; a pipeline needs at least one " + std::string(kind));
    std::vector<ComponentId> ids;
    std::set<std::string> seen;
    for (const std::string& name : names) {
      const auto found =
          std::find_if(declared.begin(), declared.end(), [&](const auto& d) { return d.id.text() == name; });
      if (found == declared.end()) {
        // One whose own configuration failed has been complained about already.
        if (const ConfigNode* section = root_.find(key); section == nullptr || section->find(name) == nullptr) {
          reader.fail(key, not_declared(kind, name, declared, key));
        }
      } else if (seen.insert(name).second) {
        found->used = true;
        ids.push_back(found->id);
      } else {
        reader.fail(key, "\"" + name + "\" is listed twice; remove one");
      }
    }
    return ids;
  }

  const ConfigNode& root_;
  const ComponentRegistry& registry_;
  Diagnostics& diagnostics_;
  GatewayConfig config_;
  std::vector<Declared<ReceiverMaker>> receivers_;
  std::vector<Declared<ProcessorMaker>> processors_;
  std::vector<Declared<ExporterMaker>> exporters_;
  std::vector<Declared<Maker<Component>>> extensions_;
  std::set<std::pair<std::string, Signal>> checked_;
};

}  // namespace

LoadedConfig load_config(std::string_view text, std::string_view file, const ComponentRegistry& registry,
                         const ConfigProviders& providers) {
  return load_config({{std::string(file), std::string(text)}}, registry, providers);
}

LoadedConfig load_config(const std::vector<ConfigSource>& sources, const ComponentRegistry& registry,
                         const ConfigProviders& providers) {
  Diagnostics diagnostics;
  LoadedConfig loaded;
  if (sources.size() > Diagnostics::kSourcesMax) {
    loaded.errors.push_back("more than " + std::to_string(Diagnostics::kSourcesMax) + " sources of configuration");
    return loaded;
  }
  const ConfigNode root = resolve_config(sources, providers, diagnostics);
  if (diagnostics.ok()) loaded.config = Loader(root, registry, diagnostics).run();
  loaded.config.proxies = net::read_proxy_settings(providers.environment);
  if (diagnostics.ok()) {
    loaded.text = to_yaml(root, diagnostics, false);
    loaded.redacted_text = to_yaml(root, diagnostics, true);
  }
  loaded.errors = diagnostics.errors();
  loaded.warnings = diagnostics.warnings();
  return loaded;
}

std::string_view embedded_config() {
  return R"(receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:4317
      http:
        endpoint: 127.0.0.1:4318
exporters:
  file:
    path: ./nanospan-data/traces.jsonl
    create_directory: true
    rotation: {max_megabytes: 64, max_backups: 7}
  file/metrics:
    path: ./nanospan-data/metrics.jsonl
    create_directory: true
    rotation: {max_megabytes: 64, max_backups: 3}
  file/logs:
    path: ./nanospan-data/logs.jsonl
    create_directory: true
    rotation: {max_megabytes: 64, max_backups: 3}
extensions:
  health_check:
    endpoint: 127.0.0.1:13133
  zpages:
    endpoint: 127.0.0.1:55679
service:
  extensions: [health_check, zpages]
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [file]
    metrics:
      receivers: [otlp]
      exporters: [file/metrics]
    logs:
      receivers: [otlp]
      exporters: [file/logs]
  telemetry:
    metrics:
      readers:
        - pull: {exporter: {prometheus: {host: 127.0.0.1, port: 8888}}}
)";
}

}  // namespace nanospan::gateway

// What a component is: receivers, processors, exporters and extensions as the service sees them, and the factories that
// make them.
//
// A component is three small files: config (keys -> a typed struct), factory (ties them together) and the thing itself.
// Components never include each other; they meet in Consumer. A factory's read() turns the configuration into a maker
// at once ("parse, don't validate"): what was read cannot be asked again, and a maker cannot exist for wrong keys.
//
// Threads: factories, start() and drain() are called by the service's thread; what runs on which loop each component
// says. Lifecycle: start once, drain once, destroy. Destroying without draining is legal and drops what is queued.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/jitter.h"
#include "base/result.h"
#include "base/time.h"
#include "gateway/auth/authenticator.h"
#include "gateway/component/service_status.h"
#include "gateway/config/map_reader.h"
#include "gateway/pipeline/consumer.h"
#include "gateway/telemetry/log.h"
#include "gateway/telemetry/metrics.h"
#include "net/event_loop.h"
#include "net/proxy.h"

namespace nanospan::gateway {

/// "type" or "type/name", as configuration files name components.
struct ComponentId {
  std::string type;
  std::string name;
  std::string text() const { return name.empty() ? type : type + "/" + name; }
  friend bool operator==(const ComponentId&, const ComponentId&) = default;
};

/// What the service lends to its components; outlives them.
class Host {
 public:
  virtual ~Host() = default;
  /// The loops that receive; one for each core.
  virtual const std::vector<net::EventLoop*>& loops() = 0;
  /// One of those, in turn, for a component that never blocks.
  virtual net::EventLoop& shared_loop() = 0;
  /// A loop on a thread of its own, for a component whose system calls may block (disk).
  virtual net::EventLoop& own_loop() = 0;
  /// The one loop for what takes milliseconds now and then; it receives nothing.
  virtual net::EventLoop& slow_loop() = 0;
  virtual const base::Clock& clock() = 0;
  virtual MemoryBudget& budget() = 0;
  /// What machine and container allow the process, followed while that changes; any thread.
  virtual std::uint64_t memory_bytes() const = 0;
  virtual MetricsRegistry& metrics() = 0;
  virtual Log& log() = 0;
  /// Filled by extensions, which are made first.
  virtual Authenticators& authenticators() = 0;
  /// What the environment says about proxies.
  virtual const net::ProxySettings& proxies() const {
    static const net::ProxySettings kNone;
    return kNone;
  }
  /// For jitter; any thread.
  virtual std::uint64_t random_bits() { return base::jitter_bits(); }
  /// True once all components have started and until the drain begins.
  virtual bool is_ready() const = 0;
  /// What there is at the moment; any thread.
  virtual std::shared_ptr<const ServiceStatus> status() const { return std::make_shared<const ServiceStatus>(); }
};

class Component {
 public:
  virtual ~Component() = default;
  virtual Status start() = 0;
  /// Stops taking work, finishes what there is, calls `done` once from any thread, by `deadline` at the latest.
  virtual void drain(base::Deadline deadline, net::Task done) = 0;
  /// One line for people: where it listens, or where data goes.
  virtual std::string describe() const = 0;
  /// Of an extension: the end of the process waits for its drain(), which may block. Those that only answer questions
  /// answer to the end.
  virtual bool drains_at_the_end() const { return false; }
};

class Exporter : public Component, public Consumer {
 public:
  /// Spans that were acknowledged and could not be sent by the deadline of a drain(), if it had one. From any thread,
  /// once that is done.
  virtual std::uint64_t lost_in_drain() const = 0;
  /// Where it sends. One that takes its place in a reload is made on the same.
  virtual net::EventLoop& loop() = 0;
  /// As start(), for one that take_over() will be given. `before` goes on meanwhile.
  virtual Status start_after(Exporter& /*before*/) { return start(); }
  /// From now on it sends where `next` would, and with its settings; what it holds stays, with its ledger, and whoever
  /// consume()s notices nothing. REQUIRES: `next` was made by the same factory, on the same loop, and got no batch.
  virtual void take_over(std::unique_ptr<Exporter> next) = 0;
};

/// Stands in one pipeline, before the consumer that it was made with: each pipeline has its own instance.
class Processor : public Component, public Consumer {};

template <class T>
using Maker = std::function<Result<std::unique_ptr<T>>(Host& host)>;
/// A receiver also needs to know where its batches go.
using ReceiverMaker = std::function<Result<std::unique_ptr<Component>>(Host& host, const SignalConsumers& next)>;
/// Called once for each signal that the exporter is used for: each has a queue of its own.
using ExporterMaker = std::function<Result<std::unique_ptr<Exporter>>(Host& host, Signal signal)>;
/// Called once for each pipeline that names the processor.
using ProcessorMaker = std::function<Result<std::unique_ptr<Processor>>(Host& host, Signal signal, Consumer& next)>;

template <class M>
struct Factory {
  std::string_view type;                  ///< The present name.
  std::vector<std::string_view> aliases;  ///< Older names that configuration files still use.
  std::string_view summary;               ///< For `nanospan components`.
  std::function<M(const ComponentId& id, MapReader& config)> read;
  /// Of a processor: the pipelines that it can stand in. The others carry every signal.
  std::vector<Signal> signals = {Signal::kTraces};
  /// Of a processor, or empty: complains about keys that do not fit a pipeline of this signal that uses it.
  std::function<void(MapReader& config, Signal signal)> check_signal = nullptr;

  bool is_called(std::string_view name) const {
    return type == name || std::find(aliases.begin(), aliases.end(), name) != aliases.end();
  }
};
using ReceiverFactory = Factory<ReceiverMaker>;
using ProcessorFactory = Factory<ProcessorMaker>;
using ExporterFactory = Factory<ExporterMaker>;
using ExtensionFactory = Factory<Maker<Component>>;

/// Everything this program was built with.
struct ComponentRegistry {
  std::vector<ReceiverFactory> receivers;
  std::vector<ProcessorFactory> processors;
  std::vector<ExporterFactory> exporters;
  std::vector<ExtensionFactory> extensions;
};

}  // namespace nanospan::gateway

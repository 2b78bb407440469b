// TracerProvider: wires sampler, limits, processors and pipelines into the record that the hot path reads.

#include <nanospan/tracer_provider.h>

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "base/immortal.h"
#include "base/time.h"
#include "sdk/diagnostics.h"
#include "sdk/pipeline/batch_pipeline.h"
#include "sdk/pipeline/drain.h"
#include "sdk/provider/simple_processor.h"
#include "sdk/resource/detectors.h"
#include "sdk/resource/process_context.h"
#include "sdk/resource/resource_fields.h"
#include "sdk/runtime/drain_signal.h"
#include "sdk/runtime/thread_record.h"
#include "sdk/runtime/threads.h"
#include "sdk/runtime/timeouts.h"
#include "sdk/sampling/threshold.h"
#include "sdk/trace/api.h"
#include "sdk/trace/record.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan {
namespace sdk {
namespace {

using Mode = detail::TracerCore::Mode;

// Which slot a provider has decides its column in the per-thread counters. Guarded by the lock of all providers.
struct Slot {
  bool taken = false;
  ProviderCore* last = nullptr;                         // who has it, or had it last
  std::vector<std::weak_ptr<BatchPipeline>> pipelines;  // and its pipelines
};
std::array<Slot, detail::kProviderSlots>& slots() {
  static base::Immortal<std::array<Slot, detail::kProviderSlots>> all;
  return *all;
}
std::size_t next_slot = 0;

struct ProvidersLock {
  ProvidersLock() { lock_providers(); }
  ProvidersLock(const ProvidersLock&) = delete;
  ProvidersLock& operator=(const ProvidersLock&) = delete;
  ~ProvidersLock() { unlock_providers(); }
};

// The slot that was free for longest, so that a late span of an old provider does not meet a new one's count.
std::optional<std::size_t> take_slot() {
  const ProvidersLock lock;
  for (std::size_t i = 0; i < detail::kProviderSlots; ++i) {
    const std::size_t slot = (next_slot + i) % detail::kProviderSlots;
    if (slots()[slot].taken) continue;
    slots()[slot].taken = true;
    next_slot = slot + 1;
    return slot;
  }
  return std::nullopt;
}

void give_slot(std::size_t slot) {
  const ProvidersLock lock;
  slots()[slot].taken = false;
}

// From now on what the slot counts is `core`'s; the ledgers of who had it before stay what they are.
void take_over(ProviderCore& core, std::vector<std::weak_ptr<BatchPipeline>> pipelines) {
  const DeferredReports reports;
  const ProvidersLock lock;
  const auto paused = Drain::instance().pause();
  Slot& slot = slots()[core.slot];
  if (slot.last != nullptr) {
    Drain::instance().collect();  // late spans that wait are still the old one's
    for (const auto& old : slot.pipelines) {
      if (const auto pipeline = old.lock()) pipeline->freeze();
    }
    slot.last->successor.store(&core, std::memory_order_release);
  }
  slot.last = &core;
  slot.pipelines = std::move(pipelines);
}

void set_resource(ProviderCore& core, Resource resource) {
  core.resource = std::move(resource);
  core.resource_fields = resource_fields(core.resource);
  core.process = getpid();
}

// Whose resource other processes see: the default provider's. Guarded by the lock of all providers.
const ProviderCore* published_core = nullptr;

// ProcessContext{resource = 1, attributes = 2}: OTEP 4719, and 4947 for what readers of otel_thread_ctx_v1 ask for. Our
// records carry no attributes, so there is no map of their keys.
bool publish(const ProviderCore& core) {
  constexpr std::uint32_t kResource = 1, kAttributes = 2;
  std::string context;
  wire::Appender(context).bytes_field(kResource, resource_message(core.resource));
  if (thread_record_is_ours()) {
    append_attributes(context, kAttributes, AttributeList{{"threadlocal.schema_version", "tlsdesc_v1_dev"}},
                      SpanLimits::kUnlimited, {});
  }
  published_core = &core;
  return publish_process_context(std::move(context));
}

// The resource of a provider that a forked child inherited, with what names the process now naming the child. What the
// program itself gave stays: only the id that the detector made is replaced. Its creation time is the parent's.
Resource for_child(const ProviderCore& core, std::string_view parents_id, std::string_view id) {
  AttributeList attributes;
  for (const Attribute& attribute : core.resource.attributes()) {
    using Type = AttributeValue::Type;
    const AttributeValue& value = attribute.value;
    if (attribute.key == "service.instance.id" && value.type() == Type::kString && value.as_string() == parents_id) {
      if (!id.empty()) attributes.add(attribute.key, id);
    } else if (attribute.key == "process.pid" && value.type() == Type::kInt && value.as_int() == core.process) {
      attributes.add(attribute.key, getpid());
    } else if (attribute.key != "process.creation.time") {
      attributes.add(attribute.key, value);
    }
  }
  return Resource(attributes, core.resource.schema_url());
}

void renew_resources_after_fork() {
  const std::string_view parents_id = instance_id();
  const std::string_view id = renew_instance_id();
  const ProvidersLock lock;
  for (ProviderCore* core = first_provider_core(); core != nullptr; core = core->next) {
    Resource renewed = for_child(*core, parents_id, id);
    core->former_resources.push_back(std::make_unique<Resource>(std::move(core->resource)));  // views may live on
    set_resource(*core, std::move(renewed));
    if (core == published_core) static_cast<void>(publish(*core));
  }
}

void before_fork() {
  Drain::instance().before_fork();
  SimpleProcessor::before_fork();
}

void after_fork_in_parent() {
  SimpleProcessor::after_fork_in_parent();
  Drain::instance().after_fork_in_parent();
}

void after_fork_in_child() {
  SimpleProcessor::after_fork_in_child();
  Drain::instance().after_fork_in_child();
  try {
    renew_resources_after_fork();
  } catch (...) {
    report("resource", "no memory for the resource of a forked process; it goes by its parent's");
  }
}

// The export thread, the handlers of fork and thread exit, and the Api table that other modules call stay for the life
// of the process: so must the code, also where a plugin that links the SDK is closed.
void pin_module() {
  Dl_info info{};
  link_map* module = nullptr;
  const auto address = reinterpret_cast<void*>(&pin_module);
  if (::dladdr1(address, &info, reinterpret_cast<void**>(&module), RTLD_DL_LINKMAP) == 0) return;
  if (module->l_name == nullptr || module->l_name[0] == '\0') return;  // the program itself
  static_cast<void>(::dlopen(module->l_name, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE));
}

// Once a process: the Api table, and handlers that let a fork find everything whole.
void start_runtime() {
  static const bool once = [] {
    Drain::instance();
    pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child);
    prepare_threads();
    install_api();
    pin_module();
    return true;
  }();
  static_cast<void>(once);
}

Status usable(const SpanProcessor& processor) {
  if (const auto* pipeline = dynamic_cast<const BatchPipeline*>(&processor)) return pipeline->usable();
  const auto* simple = dynamic_cast<const SimpleProcessor*>(&processor);
  if (simple != nullptr && !simple->has_exporter()) return no_exporter();
  return {};
}

Status check(const TracerProviderOptions& options) {
  for (auto at = options.processors.begin(); at != options.processors.end(); ++at) {
    const auto& processor = *at;
    if (processor == nullptr)
      return Error{ErrorCode::kInvalidArgument, "processors: one of them is null; leave it out"};
    if (std::find(options.processors.begin(), at, processor) != at)
      return Error{ErrorCode::kInvalidArgument, "processors: number " +
                                                    std::to_string(at - options.processors.begin() + 1) +
                                                    " is listed before already; each sees every span once"};
    if (const Status status = usable(*processor); !status.ok())
      return Error{status.error().code, "processors: number " + std::to_string(at - options.processors.begin() + 1) +
                                            " cannot be used: " + status.error().message};
    if (const auto* pipeline = dynamic_cast<const BatchPipeline*>(processor.get()); pipeline && pipeline->is_bound())
      return Error{ErrorCode::kInvalidArgument,
                   "processors: a batch processor belongs to another provider already; make one for each"};
  }
  if (options.limits.span_bytes_max < 4096) {
    return Error{ErrorCode::kInvalidArgument,
                 "limits.span_bytes_max is " + std::to_string(options.limits.span_bytes_max) + "; the least is 4096"};
  }
  return {};
}

}  // namespace
}  // namespace sdk

inline namespace v0 {

struct TracerProvider::State {
  sdk::ProviderCore* core = nullptr;  // immortal
  std::vector<std::shared_ptr<SpanProcessor>> processors;
  std::vector<std::shared_ptr<sdk::BatchPipeline>> pipelines;
  std::optional<std::size_t> slot;
  std::atomic<bool> shut_down{false};

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  // Of one that was never built to the end, too.
  ~State() { leave(); }

  bool take_slot() {
    slot = sdk::take_slot();
    return slot.has_value();
  }

  // May throw; what it has done by then is undone by the destructor.
  void build(TracerProviderOptions options) {
    core = &sdk::make_provider_core();
    core->slot = *slot;
    sdk::set_resource(*core, std::move(options.resource));
    core->limits = options.limits;
    core->sampler = options.sampler != nullptr ? std::move(options.sampler) : parent_based_sampler();
    core->id_generator = std::move(options.id_generator);
    auto hooks = std::make_unique<sdk::Hooks>();
    for (auto& processor : options.processors) {
      if (auto pipeline = std::dynamic_pointer_cast<sdk::BatchPipeline>(processor)) {
        pipelines.push_back(std::move(pipeline));
      } else {
        hooks->processors.push_back(processor);
      }
      processors.push_back(std::move(processor));
    }
    sdk::take_over(*core, {pipelines.begin(), pipelines.end()});
    for (const auto& pipeline : pipelines) pipeline->bind(*core);
    core->exports = !pipelines.empty();
    core->has_hooks = !hooks->processors.empty();
    if (core->has_hooks) core->hooks.set(std::move(hooks));
    open();
  }

  // Gives back what this provider has in the process. Idempotent; asks for no memory.
  void leave() {
    if (!slot) return;
    if (core != nullptr) {
      sdk::Drain::instance().detach_all_of(*core);
      core->hooks.retire();
    }
    sdk::give_slot(*slot);
    slot.reset();
  }

  // Calls `act` with the time left on each processor; the worst result. All pipelines begin to send before the first is
  // waited for: one with a dead receiver does not cost the others theirs.
  template <class Act>
  FlushResult on_each(std::uint64_t timeout_ms, Act&& act) {
    const base::Deadline deadline = sdk::deadline_of(timeout_ms, base::system_clock());
    FlushResult worst = FlushResult::kSuccess;
    if (pipelines.size() > 1) {
      for (const auto& pipeline : pipelines) pipeline->request_flush();
    }
    for (const auto& processor : processors) {
      FlushResult result = FlushResult::kFailure;
      try {
        result = act(*processor, sdk::milliseconds_left(deadline, base::system_clock()));
      } catch (...) {
        sdk::report("processor", "a processor's flush or shutdown threw");
      }
      worst = std::max(worst, result);
    }
    return worst;
  }

 private:
  void open() {
    core->open_mode = sdk::Mode::kOn;
    const std::optional<FixedSamplingRule> rule = core->sampler->fixed_rule();
    if (!rule || core->id_generator != nullptr || core->has_hooks || !core->exports) return;
    core->open_mode |= sdk::Mode::kFast | (rule->follow_parent ? sdk::Mode::kFollowParent : 0U);
    core->threshold = rule->threshold;
    core->watches_children = !rule->follow_parent && sdk::is_ratio(rule->threshold);
  }
};

TracerProvider::TracerProvider(std::shared_ptr<State> state) : state_(std::move(state)) {}
TracerProvider::TracerProvider(TracerProvider&&) noexcept = default;
TracerProvider& TracerProvider::operator=(TracerProvider&& other) noexcept {
  if (this != &other) {
    if (state_ != nullptr) shutdown();
    state_ = std::move(other.state_);
  }
  return *this;
}
TracerProvider::~TracerProvider() {
  if (state_ != nullptr) shutdown();
}

Result<TracerProvider> TracerProvider::create(TracerProviderOptions options) {
  try {
    if (Status status = sdk::check(options); !status.ok()) return status.error();
    sdk::start_runtime();
    auto state = std::make_shared<State>();
    if (!state->take_slot()) {
      return Error{ErrorCode::kResourceExhausted,
                   "16 tracer providers live already, which is the most; shut one down first"};
    }
    state->build(std::move(options));
    return TracerProvider(std::move(state));
  } catch (const std::exception&) {
    return Error{ErrorCode::kResourceExhausted, "no memory"};
  }
}

Tracer TracerProvider::tracer(const InstrumentationScope& scope) {
  Tracer tracer(scope);
  tracer.identity_.bound = true;
  try {
    tracer.identity_.core.store(&sdk::find_tracer(*state_->core, scope)->core, std::memory_order_release);
  } catch (const std::exception&) {
    sdk::report("tracer", "no memory for another tracer; its spans do not record");
  }
  return tracer;
}

FlushResult TracerProvider::flush(std::uint64_t timeout_ms) {
  if (state_->shut_down.load()) return FlushResult::kFailure;
  return state_->on_each(timeout_ms,
                         [](SpanProcessor& processor, std::uint64_t left) { return processor.flush(left); });
}

FlushResult TracerProvider::shutdown(std::uint64_t timeout_ms) {
  if (state_->shut_down.exchange(true)) return FlushResult::kFailure;
  sdk::close_tracers(*state_->core);
  sdk::unset_default_provider(*state_->core);
  const FlushResult result = state_->on_each(
      timeout_ms, [](SpanProcessor& processor, std::uint64_t left) { return processor.shutdown(left); });
  state_->leave();
  return result;
}

Ledger TracerProvider::ledger() const {
  Ledger sum;
  for (const auto& processor : state_->processors) {
    const Ledger one = ledger_of(*processor);
    sum.ended += one.ended;
    sum.exported += one.exported;
    sum.queued += one.queued;
    for (std::size_t i = 0; i < sum.dropped.size(); ++i) sum.dropped[i] += one.dropped[i];
  }
  return sum;
}

const Resource& TracerProvider::resource() const { return state_->core->resource; }

void TracerProvider::set_default() {
  sdk::set_default_provider(state_->core);
  const bool published = [this] {
    const sdk::ProvidersLock lock;
    try {
      return sdk::publish(*state_->core);
    } catch (const std::exception&) {
      return false;
    }
  }();
  if (!published) sdk::report("resource", "profilers of other processes will not see it: no memory to publish it");
}

std::shared_ptr<SpanProcessor> batch_processor(std::unique_ptr<SpanExporter> exporter, BatchOptions options) {
  return std::make_shared<sdk::BatchPipeline>(std::move(exporter), options, base::system_clock());
}

Ledger ledger_of(const SpanProcessor& processor) {
  if (const auto* batch = dynamic_cast<const sdk::BatchPipeline*>(&processor)) return batch->ledger();
  if (const auto* simple = dynamic_cast<const sdk::SimpleProcessor*>(&processor)) return simple->ledger();
  return {};
}

}  // namespace v0
}  // namespace nanospan

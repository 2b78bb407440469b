// start() and Telemetry: one SDK a process (DESIGN, decision 2), from the first call to the last flush at exit().
//
// The provider that runs is known to the process as well as to the Telemetry object, so that exit() can flush it where
// main() never returns. Whoever takes it from the process first shuts it down; everybody else finds nothing to do.
// Thread-safe. A fork finds the lock free, so that its child can start, stop and exit.
#include <pthread.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <nanospan/nanospan.h>
#include <nanospan/tracer_provider.h>

#include "base/immortal.h"
#include "sdk/diagnostics.h"
#include "sdk/resource/resource_fields.h"
#include "setup/environment.h"
#include "setup/profile_hook.h"
#include "setup/profiling_settings.h"
#include "setup/wiring.h"

namespace nanospan {
namespace {

constexpr std::uint64_t kExitFlushMillis = 5000;
/// For the parts of a start that failed: no span has ended in them.
constexpr std::uint64_t kUndoMillis = 1000;

// "7 of 9 spans were lost: queue_full 4, export_failed 3"
std::string closing_line(const Ledger& ledger) {
  std::string line =
      std::to_string(ledger.dropped_total()) + " of " + std::to_string(ledger.ended) + " spans were lost";
  char separator = ':';
  for (std::size_t i = 0; i < ledger.dropped.size(); ++i) {
    if (ledger.dropped[i] == 0) continue;
    line += separator;
    line += ' ';
    line += drop_reason_name(static_cast<DropReason>(i));
    line += ' ';
    line += std::to_string(ledger.dropped[i]);
    separator = ',';
  }
  return line;
}

void report_losses(const Ledger& ledger) {
  try {
    sdk::report("telemetry", closing_line(ledger));
  } catch (const std::exception&) {  // no memory for the line
    sdk::report("telemetry", "spans were lost");
  }
}

using ProviderPtr = std::shared_ptr<TracerProvider>;

class Process {
 public:
  /// Never destroyed: exit handlers and static destructors use it in any order.
  static Process& instance() {
    static base::Immortal<Process> process;
    return *process;
  }

  /// False if telemetry runs, or is about to.
  bool claim() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (std::exchange(claimed_, true)) return false;
    busy_ = std::this_thread::get_id();
    return true;
  }
  void give_up_claim() {
    const std::lock_guard<std::mutex> lock(mutex_);
    claimed_ = false;
  }
  void run(ProviderPtr provider) {
    const std::lock_guard<std::mutex> lock(mutex_);
    running_ = std::move(provider);
    failure_.clear();
    register_exit();
  }
  /// Gives up the claim. Unless a later start succeeds, the program's end says again what is wrong: the first line may
  /// be days ago then.
  void fail(const Error& error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    claimed_ = false;
    failure_ = "no span of this program was recorded, as telemetry did not start: " + error.message;
    register_exit();
  }
  /// True if `provider` had stopped already.
  bool stop(const ProviderPtr& provider, std::uint64_t timeout_ms) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (running_ != provider) return true;
      running_.reset();
      busy_ = std::this_thread::get_id();
    }
    const bool success = provider->shutdown(timeout_ms) == FlushResult::kSuccess;
    const Ledger ledger = provider->ledger();
    if (ledger.dropped_total() != 0) report_losses(ledger);
    give_up_claim();
    return success && ledger.dropped_total() == 0;
  }

 private:
  friend class base::Immortal<Process>;
  Process() {
    pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                   [] { instance().after_fork_in_child(); });
  }
  void register_exit() {
    if (!std::exchange(exit_registered_, true)) std::atexit([] { instance().stop_at_exit(); });
  }
  void stop_at_exit() {
    ProviderPtr provider;
    std::string failure;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      provider = running_;
      failure.swap(failure_);
    }
    if (provider) stop(provider, kExitFlushMillis);
    if (!failure.empty()) sdk::report("telemetry", failure);
  }
  void after_fork_in_child() {
    // A start or stop that another thread of the parent was in the middle of is finished by nobody here.
    if (running_ == nullptr && busy_ != std::this_thread::get_id()) claimed_ = false;
    failure_.clear();  // the parent says it
    mutex_.unlock();
  }

  std::mutex mutex_;
  ProviderPtr running_;
  std::string failure_;   ///< Of the last start, if it failed.
  std::thread::id busy_;  ///< Who claimed the process, or took the provider from it, last.
  bool claimed_ = false;
  bool exit_registered_ = false;
};

struct Parts {
  ProviderPtr provider;
  setup::LinkedProfiler profiling{nullptr, [](void*) {}};
};

/// A place for profiles that only the environment asks for is left out where it cannot be used.
Result<setup::LinkedProfiler> start_leaving_out_recordings(const ProfilingOptions& program, ProfilingOptions settings,
                                                           const std::string& resource_fields,
                                                           const setup::Environment& environment) {
  Error no_directory, no_push;
  setup::OptionalRecordings optional;
  if (program.directory.empty()) optional.directory = &no_directory;
  if (program.push_url.empty()) optional.push_url = &no_push;
  Result<setup::LinkedProfiler> started = setup::start_linked_profiler(std::move(settings), resource_fields, optional);
  if (!started) return started;
  if (!no_directory.message.empty()) {
    environment.warn("NANOSPAN_PROFILING_DIRECTORY", no_directory.message + "; no profiles are kept there");
  }
  if (!no_push.message.empty()) {
    environment.warn("NANOSPAN_PROFILING_PUSH_URL", no_push.message + "; no profiles are sent");
  }
  return started;
}

/// The profiler, if it is asked for. What the program asks for must work; what the environment asks for is tried, and
/// never stops a program (docs/decisions/0022).
Result<setup::LinkedProfiler> start_profiler(const Options& options, const setup::Environment& environment,
                                             const Resource& resource) {
  ProfilingOptions program = options.profiling;
  if (program.service_name.empty()) program.service_name = resource.string_value("service.name");
  if (program.error_handler == nullptr) {
    program.error_handler = [](std::string_view component, std::string_view message) {
      sdk::report(component, "recording", message);
    };
  }
  ProfilingOptions settings = setup::read_profiling_settings(program, environment);
  if (!settings.enabled) return Parts().profiling;
  const std::string fields = sdk::resource_fields(resource);
  Result<setup::LinkedProfiler> started =
      start_leaving_out_recordings(program, std::move(settings), fields, environment);
  if (started) return started;
  if (!program.enabled) {
    environment.warn("NANOSPAN_PROFILING", started.error().message + "; there is no profiler");
    return Parts().profiling;
  }
  // A host, a port, a header of the environment may be what is wrong.
  Result<setup::LinkedProfiler> without_environment = setup::start_linked_profiler(std::move(program), fields);
  if (without_environment) {
    environment.warn("NANOSPAN_PROFILING_*", started.error().message + "; all of these variables are ignored");
  }
  return without_environment;
}

/// All that can fail comes first: what the process is known by (propagator, default provider, published resource)
/// changes only once the rest stands. REQUIRES: the process is claimed.
Result<Parts> make_parts(const Options& options) {
  const setup::Environment environment =
      options.read_environment ? setup::Environment::of_process() : setup::Environment::none();
  Result<setup::Wiring> wiring = setup::wire_up(options, environment);
  if (!wiring) return wiring.error();
  // Also where the SDK is disabled: it is what makes inject() and extract() work, and without being the default
  // provider it leaves every span as it is without an SDK.
  Result<TracerProvider> provider = TracerProvider::create(std::move(wiring->provider));
  if (!provider) return provider.error();
  auto shared = std::make_shared<TracerProvider>(std::move(provider).value());
  Result<setup::LinkedProfiler> profiling = start_profiler(options, environment, shared->resource());
  if (!profiling) {
    shared->shutdown(kUndoMillis);
    return profiling.error();
  }
  set_propagator(wiring->propagator);
  if (!wiring->disabled) shared->set_default();
  return Parts{std::move(shared), std::move(profiling).value()};
}

/// Most programs do not look at the Result of start(): say it where they can see it.
Error reported(Error error) {
  error = error.with_prefix("start");
  sdk::report("setup", error.message);
  return error;
}

}  // namespace

inline namespace v0 {

struct Telemetry::State : Parts {};

Result<Telemetry> start(Options options) {
  Process& process = Process::instance();
  bool claimed = false;
  try {
    claimed = process.claim();
    if (!claimed) {
      return reported(
          {ErrorCode::kAlreadyExists, "telemetry runs already in this process; keep the first Telemetry object"});
    }
    auto state = std::make_unique<Telemetry::State>();
    Result<Parts> parts = make_parts(options);
    if (parts) {
      static_cast<Parts&>(*state) = std::move(parts).value();
      process.run(state->provider);
      return Telemetry(state.release());
    }
    Error error = reported(parts.error());
    process.fail(error);
    return error;
  } catch (const std::exception&) {
    if (claimed) process.give_up_claim();
    sdk::report("setup", "start: no memory");
    return Error{ErrorCode::kResourceExhausted, "no memory"};
  }
}

Telemetry::~Telemetry() {
  if (state_ == nullptr) return;
  const std::unique_ptr<State> owned(state_);
  Process::instance().stop(owned->provider, kExitFlushMillis);
}

bool Telemetry::flush(std::uint64_t timeout_ms) {
  return state_ != nullptr && state_->provider->flush(timeout_ms) == FlushResult::kSuccess;
}

bool Telemetry::shutdown(std::uint64_t timeout_ms) {
  return state_ == nullptr || Process::instance().stop(state_->provider, timeout_ms);
}

Ledger Telemetry::ledger() const { return state_ != nullptr ? state_->provider->ledger() : Ledger{}; }

}  // namespace v0
}  // namespace nanospan

// Looking, following, the ladder. Threads: see the header.
#include "gateway/service/memory_governor.h"

#include <malloc.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/config/units.h"
#include "gateway/service/process_limits.h"

namespace nanospan::gateway {
namespace {

constexpr double kStepDown = 0.05;                // Below its share a step is left only by so much, or it would flap.
constexpr std::uint64_t kReturnPauseFactor = 50;  // To give memory back takes 2 % of the time at most.

std::uint64_t nine_tenths(std::uint64_t bytes) { return bytes / 10 * 9; }

std::string memory_text(const base::EffectiveLimits& limits) {
  return format_byte_size(limits.memory_bytes) + " (" + limits.memory_reason + ")";
}

}  // namespace

struct MemoryGovernor::Rung {
  Step step;
  double from;              // share of the limit
  unsigned budget_percent;  // what requests may hold
  std::string_view name;
  std::string_view what;
};
const std::array<MemoryGovernor::Rung, 3> MemoryGovernor::kLadder = {
    {{Step::kReturn, 0.70, MemoryBudget::kAll, "return", "what malloc holds unused goes back to the system"},
     {Step::kShrink, 0.85, 50, "shrink", "requests may hold half of the memory budget"},
     {Step::kRefuse, 0.95, 0, "refuse", "requests are refused, their senders told to come back"}}};

MemoryGovernor::Machine MemoryGovernor::this_machine() {
  return {[] { return base::effective_limits(); },
          [](const base::EffectiveLimits& limits) { return base::group_memory_in_use(limits); },
          [] { return process_usage().anonymous_bytes; }, [] { ::malloc_trim(0); }};
}

MemoryGovernor::MemoryGovernor(MemorySettings settings, const base::Clock& clock, MemoryBudget& budget,
                               MetricsRegistry& metrics, Log& log, Machine machine)
    : clock_(clock),
      budget_(budget),
      log_(log),
      machine_(std::move(machine)),
      settings_(settings),
      limits_(machine_.limits()),
      memory_changes_(metrics.counter("nanospan_limit_changes",
                                      "Changes of what machine and container allow, followed while running.",
                                      {{"limit", "memory"}})),
      cpu_changes_(metrics.counter("nanospan_limit_changes",
                                   "Changes of what machine and container allow, followed while running.",
                                   {{"limit", "cpu"}})) {
  for (std::size_t i = 0; i < kLadder.size(); ++i) {
    taken_[i] = &metrics.counter("nanospan_memory_steps",
                                 "Steps taken to stay within the memory limit: times that memory was given back, that "
                                 "the budget was halved, that requests began to be refused.",
                                 {{"step", kLadder[i].name}});
  }
  const auto gauge = [&](std::string_view name, std::string_view help, std::function<double()> read) {
    observations_.push_back(metrics.observe_gauge(name, help, {}, std::move(read)));
  };
  gauge("nanospan_memory_limit_bytes", "The soft limit of the process's memory (service.memory_limit).",
        [this] { return static_cast<double>(limit_bytes()); });
  gauge("nanospan_memory_pressure",
        "Memory in use as a share of the limit: the process's or the container's, the larger.",
        [this] { return share_.load(std::memory_order_relaxed); });
  gauge("nanospan_cpus_allowed", "Processors that affinity mask and container allow, rounded up.",
        [this] { return static_cast<double>(cpus_.load(std::memory_order_relaxed)); });
  const std::lock_guard lock(mutex_);
  apply();
}

void MemoryGovernor::start(net::EventLoop& loop, std::size_t event_loops) {
  event_loops_ = event_loops;
  next_follow_ = base::later(clock_.monotonic_now(), kFollowNanos);
  timer_.emplace(loop, [this] { look(); });
  loop.post([this] { look(); });
}

void MemoryGovernor::configure(MemorySettings settings) {
  const std::lock_guard lock(mutex_);
  settings_ = settings;
  apply();
}

base::EffectiveLimits MemoryGovernor::limits() const {
  const std::lock_guard lock(mutex_);
  return limits_;
}

void MemoryGovernor::apply() {
  const std::uint64_t there_is = limits_.memory_bytes;
  const std::uint64_t limit = settings_.limit_bytes != 0 ? settings_.limit_bytes : nine_tenths(there_is);
  const std::uint64_t by_default =
      default_memory_budget_bytes(settings_.limit_bytes != 0 ? std::min(there_is, limit) : there_is);
  const std::uint64_t budget = settings_.budget_bytes != 0 ? settings_.budget_bytes : by_default;
  limit_bytes_.store(limit, std::memory_order_relaxed);
  cpus_.store(limits_.cpus, std::memory_order_relaxed);
  budget_.configure(std::min(budget, std::min(limit, nine_tenths(there_is)) / 4 * 3));
}

void MemoryGovernor::look() {
  if (!timer_) return;  // stopped before what start() posted has run
  const base::MonotonicNanos now = clock_.monotonic_now();
  if (now >= next_follow_) {
    follow();
    next_follow_ = base::later(now, kFollowNanos);
  }
  take_step(machine_.own_bytes());
  const bool calm = step_.load(std::memory_order_relaxed) == Step::kNone;
  timer_->arm(base::later(clock_.monotonic_now(), calm ? kLookNanos : kLookUnderPressureNanos));
}

void MemoryGovernor::follow() {
  base::EffectiveLimits now = machine_.limits();
  base::EffectiveLimits before;
  {
    const std::lock_guard lock(mutex_);
    // The group too: a container moved to another one, as large, is watched there.
    if (now.memory_bytes == limits_.memory_bytes && now.memory_group == limits_.memory_group &&
        now.cpus == limits_.cpus) {
      return;
    }
    before = std::exchange(limits_, now);
    apply();
  }
  say_what_changed(before, now);
}

void MemoryGovernor::say_what_changed(const base::EffectiveLimits& before, const base::EffectiveLimits& now) {
  if (now.memory_bytes != before.memory_bytes) {
    memory_changes_.add(1);
    log_.info("limits", "memory is now " + memory_text(now) + ", was " + format_byte_size(before.memory_bytes) +
                            "; limit of the process " + format_byte_size(limit_bytes()) + ", of requests " +
                            format_byte_size(budget_.bytes_max()));
  }
  if (now.cpus != before.cpus) {
    cpu_changes_.add(1);
    log_.info("limits", "processors are now " + std::to_string(now.cpus) + " (" + now.cpu_reason + "), were " +
                            std::to_string(before.cpus) + "; the " + std::to_string(event_loops_) +
                            " event loops of the start stay" +
                            (now.cpus > event_loops_ ? ", a restart makes more" : ""));
  }
}

double MemoryGovernor::share(const base::EffectiveLimits& limits, std::uint64_t own_bytes) const {
  const auto part = [](std::uint64_t used, std::uint64_t of) {
    return of == 0 ? 0.0 : static_cast<double>(used) / static_cast<double>(of);
  };
  return std::max(part(own_bytes, limit_bytes()), part(machine_.group_bytes(limits), nine_tenths(limits.memory_bytes)));
}

MemoryGovernor::Step MemoryGovernor::step_at(double share) const {
  const Step now = step_.load(std::memory_order_relaxed);
  Step step = Step::kNone;
  for (const Rung& rung : kLadder) {
    if (share >= rung.from - (now >= rung.step ? kStepDown : 0)) step = rung.step;
  }
  return step;
}

void MemoryGovernor::take_step(std::uint64_t own_bytes) {
  const base::EffectiveLimits allowed = limits();
  const double used = share(allowed, own_bytes);
  share_.store(used, std::memory_order_relaxed);
  const Step before = step_.load(std::memory_order_relaxed);
  const Step step = step_at(used);
  step_.store(step, std::memory_order_relaxed);
  unsigned percent = MemoryBudget::kAll;
  for (std::size_t i = 0; i < kLadder.size(); ++i) {
    const Rung& rung = kLadder[i];
    if (step >= rung.step) percent = rung.budget_percent;
    if (before >= rung.step || step < rung.step) continue;
    if (rung.step != Step::kReturn) taken_[i]->add(1);  // return_memory() counts that one
    log_.warn_limited("memory", rung.name,
                      "the process uses " + format_byte_size(own_bytes) + ", limit " + format_byte_size(limit_bytes()) +
                          "; memory of the container or machine " + memory_text(allowed) + "; " +
                          std::string(rung.what));
  }
  budget_.set_percent(percent);
  if (step != Step::kNone && clock_.monotonic_now() >= next_return_) return_memory();
}

void MemoryGovernor::return_memory() {
  const base::MonotonicNanos began = clock_.monotonic_now();
  machine_.return_memory();
  const base::MonotonicNanos ended = clock_.monotonic_now();
  taken_[0]->add(1);
  next_return_ =
      base::later(ended, std::max<std::uint64_t>(base::kNanosPerSecond, kReturnPauseFactor * (ended - began)));
}

}  // namespace nanospan::gateway

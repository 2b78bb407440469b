#include "profile/profiler.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "profile/build_profile.h"

namespace nanospan::profile {
namespace {

constexpr std::uint64_t kDrainNanos = 100 * base::kNanosPerMilli;
constexpr std::uint64_t kThreadAnswerNanos = 100 * base::kNanosPerMilli;
// A scan of all threads may take this part of the time: 0.1 %.
constexpr std::uint64_t kScanShare = 1000;

// What a window counts for a sample.
constexpr std::size_t kCountValue = 0, kWeightValue = 1;

std::string number_text(const char* name, std::uint64_t value) {
  return std::string(name) + "=" + std::to_string(value);
}

}  // namespace

Result<std::unique_ptr<Profiler>> Profiler::create(net::EventLoop& loop, std::int32_t loop_tid,
                                                   ProfilerOptions options) {
  Result<std::unique_ptr<Sampler>> sampler = Sampler::create({loop_tid});
  if (!sampler) return sampler.error();
  return std::unique_ptr<Profiler>(new Profiler(loop, std::move(sampler).value(), options));
}

Profiler::Profiler(net::EventLoop& loop, std::unique_ptr<Sampler> sampler, ProfilerOptions options)
    : loop_(loop), options_(options), sampler_(std::move(sampler)), timer_(loop, [this] { tick(); }) {}

Profiler::~Profiler() = default;

std::uint64_t Profiler::collect(const CollectRequest& request, Done done) {
  if (collections_.size() >= options_.windows_max) {
    done(Error{ErrorCode::kResourceExhausted, "too many profiles are under way"});
    return 0;
  }
  if (collections_.empty()) store_ = std::make_unique<StackStore>(options_.store_bytes_max);
  auto collection = std::make_unique<Collection>();
  collection->id = ++last_id_;
  collection->request = request;
  collection->began_unix = loop_.clock().unix_now();
  collection->began = loop_.clock().monotonic_now();
  collection->until = collection->began + (request.kind == WindowKind::kThreads ? kThreadAnswerNanos : request.nanos);
  if (const Status begun = begin_sampling(*collection); !begun) {
    done(begun.error());
    return 0;
  }
  drain();  // what was before belongs to the others
  collection->done = std::move(done);
  collections_.push_back(std::move(collection));
  if (request.kind == WindowKind::kThreads) ask_threads(*collections_.back());
  tick();
  return last_id_;
}

void Profiler::cancel(std::uint64_t collection) {
  std::erase_if(collections_, [&](const auto& each) { return each->id == collection; });
  stop_if_idle();
}

Status Profiler::begin_sampling(const Collection& collection) {
  const bool wants_timers = collection.request.kind == WindowKind::kCpu;
  if (sampler_->running() && (!wants_timers || sampler_->hz() != 0)) return {};
  const unsigned asked = collection.request.hz == 0 ? options_.hz : std::min(collection.request.hz, options_.hz_max);
  next_scan_ = 0;
  return sampler_->start(wants_timers ? asked : 0);
}

void Profiler::ask_threads(Collection& collection) {
  sampler_->rescan([this](const SampledThread& thread, const Sample& sample) { on_sample(thread, sample); });
  for (const SampledThread& thread : sampler_->threads()) {
    collection.awaited += sampler_->interrupt(thread, SampleKind::kThread);
  }
}

void Profiler::tick() {
  const base::MonotonicNanos now = loop_.clock().monotonic_now();
  drain();
  if (now >= next_scan_ && sampler_->running()) {
    sampler_->rescan([this](const SampledThread& thread, const Sample& sample) { on_sample(thread, sample); });
    const std::uint64_t took = loop_.clock().monotonic_now() - now;
    next_scan_ = now + std::max(kDrainNanos, took * kScanShare);
  }
  finish_due();
  base::MonotonicNanos next = now + kDrainNanos;
  for (const auto& collection : collections_) {
    next = std::min(next, collection->until);
    // Threads answer within microseconds; do not let the asker wait for the next drain.
    if (collection->awaited > 0) next = std::min(next, now + base::kNanosPerMilli);
  }
  if (sampler_->running()) timer_.arm(next);
}

void Profiler::drain() {
  sampler_->drain([this](const SampledThread& thread, const Sample& sample) { on_sample(thread, sample); });
}

void Profiler::on_sample(const SampledThread& thread, const Sample& sample) {
  std::array<CodePoint, kFramesMax> points{};
  for (std::size_t i = 0; i < sample.frames; ++i) {
    const std::uint64_t pc = i == 0 ? sample.pcs[i] : sample.pcs[i] - 1;  // a return address points behind the call
    points[i] = store_->point(Sampler::module_of(sample, pc), pc);
  }
  const std::uint32_t stack = store_->stack(std::span(points).first(sample.frames));
  LabelSet labels;
  labels.route = store_->text(sample.labels.route_text());
  labels.span_name = store_->text(sample.labels.name_text());
  labels.thread = store_->text(thread.name);
  WindowValues values{};
  values[kCountValue] = 1;
  values[kWeightValue] = sample.weight;
  for (const auto& collection : collections_) {
    const bool for_threads = collection->request.kind == WindowKind::kThreads;
    if (for_threads != (sample.kind == SampleKind::kThread)) continue;
    LabelSet shown = labels;
    if (for_threads) shown.tid = thread.tid;
    if (collection->request.trace_labels || for_threads) {
      shown.trace_id = sample.labels.trace_id;
      shown.span_id = sample.labels.span_id;
    }
    collection->window.add(stack, store_->labels(shown), values);
    if (for_threads && collection->awaited > 0) --collection->awaited;
  }
}

void Profiler::finish_due() {
  const base::MonotonicNanos now = loop_.clock().monotonic_now();
  std::vector<std::unique_ptr<Collection>> due;
  for (auto& collection : collections_) {
    const bool answered = collection->request.kind == WindowKind::kThreads && collection->awaited == 0;
    if (now >= collection->until || answered) due.push_back(std::move(collection));
  }
  std::erase(collections_, nullptr);
  for (const auto& collection : due) {
    Profile profile = make_profile(*collection);
    collection->done(std::move(profile));
  }
  if (!due.empty()) stop_if_idle();
}

void Profiler::stop_if_idle() {
  if (!collections_.empty() || !sampler_->running()) return;
  sampler_->stop([](const SampledThread&, const Sample&) {});
  timer_.cancel();
  store_.reset();
}

Profile Profiler::make_profile(const Collection& collection) {
  Profile profile;
  const std::int64_t period =
      sampler_->hz() == 0 ? 0 : static_cast<std::int64_t>(base::kNanosPerSecond / sampler_->hz());
  std::vector<Column> columns;
  if (collection.request.kind == WindowKind::kCpu) {
    columns = {{{"samples", "count"}, kWeightValue, 1}, {{"cpu", "nanoseconds"}, kWeightValue, period}};
    profile.period_type = {"cpu", "nanoseconds"};
    profile.period = period;
    profile.default_type = 1;
  } else {
    columns = {{{"threads", "count"}, kCountValue, 1}};
    profile.period_type = {"threads", "count"};
    profile.period = 1;
  }
  profile.time_unix_nanos = collection.began_unix;
  profile.duration_nanos = loop_.clock().monotonic_now() - collection.began;
  build_samples(collection.window, *store_, symbolizer_, columns, profile);
  const SamplerCounters counters = sampler_->counters();
  profile.comments = {
      number_text("signal", static_cast<std::uint64_t>(sampler_->signal())),
      number_text("samples", counters.samples),
      number_text("handler_ns_per_sample", counters.samples == 0 ? 0 : counters.handler_nanos / counters.samples),
      number_text("dropped_ring_full", counters.dropped_ring_full),
      number_text("stacks_lost", counters.lost),
      number_text("stacks_truncated", counters.truncated),
      number_text("threads_unarmed", counters.threads_unarmed),
      number_text("stacks_without_room", store_->overflowed()),
  };
  return profile;
}

std::string Profiler::function_at(std::uint64_t pc) {
  LoadedCode code;
  code.refresh();
  const CodeMap::Range* range = code.map()->find(pc);
  if (range == nullptr) return {};
  const Module& module = *code.map()->modules()[range->index];
  return symbolizer_.function_at({module.path, module.build_id, module.base, module.begin, module.end, module.offset},
                                 pc - module.base);
}

}  // namespace nanospan::profile

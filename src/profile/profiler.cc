// A round drains the rings, interns stacks and labels, and adapts the sampling to what it costs. Threads: see the
// header.
#include "profile/profiler.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "profile/locks/lock_sampler.h"
#include "profile/sampler/proc.h"

namespace nanospan::profile {
namespace {

constexpr std::uint64_t kDrainNanos = 100 * base::kNanosPerMilli;
// Where nothing has run for a second, whatever begins to run is drained in time all the same: a ring holds 54 of the
// deepest stacks (sample_ring.h), these are 40 expiries.
constexpr unsigned kQuietRounds = 10, kQuietExpiries = 40;
constexpr std::uint64_t kQuietNanosMax = 400 * base::kNanosPerMilli;
constexpr std::uint64_t kFullScanNanos = base::kNanosPerSecond;  // where as many threads end as begin
constexpr std::uint64_t kWallTickNanos = 10 * base::kNanosPerMilli;
constexpr std::uint64_t kThreadAnswerNanos = 100 * base::kNanosPerMilli;
// A scan of all threads may take this part of one core: 0.1 %.
constexpr std::uint64_t kScanShare = 1000;
constexpr std::size_t kRoutesMax = 1000;
constexpr const char* kOtherRoutes = "[other routes]";

RecorderSnapshot recorded(WindowKind kind) {
  return kind == WindowKind::kHeap ? heap_sampler::snapshot() : lock_sampler::snapshot();
}

std::uint32_t intern_stack(StackStore& store, const Sample& sample) {
  std::array<CodePoint, kFramesMax> points{};
  for (std::size_t i = 0; i < sample.frames; ++i) {
    const std::uint64_t pc = i == 0 ? sample.pcs[i] : sample.pcs[i] - 1;  // a return address points behind the call
    points[i] = store.point(Sampler::module_of(sample, pc), pc);
  }
  return store.stack(std::span(points).first(sample.frames));
}

LabelSet label_set(StackStore& store, const SampledThread& thread, const Sample& sample) {
  LabelSet labels;
  labels.route = store.text(sample.labels.route_text());
  labels.span_name = store.text(sample.labels.name_text());
  labels.thread = store.text(thread.name);
  return labels;
}

}  // namespace

Result<std::unique_ptr<Profiler>> Profiler::create(net::EventLoop& loop, std::int32_t loop_tid,
                                                   ProfilerOptions options) {
  Result<std::unique_ptr<Sampler>> sampler = Sampler::create({loop_tid});
  if (!sampler) return sampler.error();
  std::unique_ptr<Profiler> made(new Profiler(loop, std::move(sampler).value(), options));
  made->samples_heap_ = options.heap_interval_bytes > 0 && heap_sampler::is_linked();
  made->samples_locks_ = options.locks && lock_sampler::is_linked();
  if (options.continuous) made->history_ = std::make_unique<History>(options.history);
  if (made->samples_always()) {
    if (const Status begun = made->adapt_sampling(); !begun) return begun.error();
    made->tick();
  }
  if (made->samples_heap_) heap_sampler::set_interval(options.heap_interval_bytes);
  if (made->samples_locks_) lock_sampler::set_watching(true);
  return made;
}

Profiler::Profiler(net::EventLoop& loop, std::unique_ptr<Sampler> sampler, ProfilerOptions options)
    : loop_(loop), options_(options), sampler_(std::move(sampler)), timer_(loop, [this] { tick(); }) {}

Profiler::~Profiler() {
  if (samples_heap_) heap_sampler::set_interval(0);
  if (samples_locks_) lock_sampler::set_watching(false);
}

std::uint64_t Profiler::collect(const CollectRequest& request, Done done) {
  if (collections_.size() >= options_.windows_max) {
    done(Error{ErrorCode::kResourceExhausted, "too many profiles are under way"});
    return 0;
  }
  drain();  // what was before belongs to the others
  if (collections_.empty()) {
    store_ = std::make_unique<StackStore>(options_.store_bytes_max);
    store_has_old_ = false;
  }
  auto collection = std::make_unique<Collection>();
  collection->id = ++last_id_;
  collection->request = request;
  begin_window(*collection);
  if (const Status begun = begin_recorded(*collection); !begun) {
    done(begun.error());
    return 0;
  }
  collections_.push_back(std::move(collection));
  if (const Status begun = adapt_sampling(); !begun) {
    collections_.pop_back();
    done(begun.error());
    return 0;
  }
  Collection& made = *collections_.back();
  made.done = std::move(done);
  // What is sampled counts from here: a sampler that starts reads unwind tables first, of a large program for seconds.
  if (!is_recorded(request.kind)) begin_window(made);
  if (request.kind == WindowKind::kWall && request.trace_labels) wall_.forget_places();  // without ids, maybe
  if (request.kind == WindowKind::kThreads) {
    ask_threads(made);
  } else {
    next_scan_ = next_full_scan_ = 0;  // whom the last scan did not find yet is wanted, too
  }
  tick();
  return last_id_;
}

void Profiler::begin_window(Collection& collection) {
  const CollectRequest& request = collection.request;
  collection.began_unix = loop_.clock().unix_now();
  collection.began = loop_.clock().monotonic_now();
  collection.until = collection.began + (request.kind == WindowKind::kThreads ? kThreadAnswerNanos : request.nanos);
}

void Profiler::finish_early(std::uint64_t collection) {
  for (const auto& each : collections_) {
    if (each->id == collection) each->until = 0;
  }
  tick();
}

bool Profiler::is_under_way(std::uint64_t collection) const {
  return std::any_of(collections_.begin(), collections_.end(),
                     [&](const auto& each) { return each->id == collection; });
}

/// Brings the sampler to the highest rate that is wanted; a collection that needs no timers needs it all the same.
Status Profiler::adapt_sampling() {
  unsigned hz = history_ != nullptr ? options_.hz : 0;
  for (const auto& collection : collections_) {
    if (collection->request.kind != WindowKind::kCpu) continue;
    hz = std::max(hz, collection->request.hz == 0 ? options_.hz : std::min(collection->request.hz, options_.hz_max));
  }
  if (sampler_->running() && sampler_->hz() == hz) return {};
  drain();  // at the rate that it was taken with
  next_scan_ = next_full_scan_ = 0;
  return sampler_->start(hz);
}

void Profiler::ask_threads(Collection& collection) {
  sampler_->rescan([this](const SampledThread& thread, const Sample& sample) { on_sample(thread, sample); });
  for (const SampledThread& thread : sampler_->threads()) {
    AskedThread asked{thread, thread_state(thread.tid), thread_cpu_nanos(thread.tid)};  // before it runs our handler
    if (sampler_->interrupt(thread, SampleKind::kThread)) collection.awaited.push_back(std::move(asked));
  }
}

void Profiler::add_thread(Collection& collection, const AskedThread& asked, std::uint32_t stack, LabelSet labels) {
  labels.tid = asked.thread.tid;
  labels.state = store_->text(asked.state);
  WindowValues values{};
  values[kCountValue] = 1;
  values[kNanosValue] = static_cast<std::int64_t>(asked.cpu_nanos);
  collection.window.add(stack, store_->labels(labels), values);
}

// A thread that got no processor in time, or that blocks the signal, is there all the same.
void Profiler::add_silent_threads(Collection& collection) {
  for (const AskedThread& asked : collection.awaited) {
    if (thread_name(asked.thread.tid) == "?") continue;  // it ended
    LabelSet labels;
    labels.thread = store_->text(asked.thread.name);
    add_thread(collection, asked, store_->stack({&StackStore::kNoAnswerPoint, 1}), labels);
  }
}

bool Profiler::any(WindowKind kind) const {
  return std::any_of(collections_.begin(), collections_.end(),
                     [&](const auto& collection) { return collection->request.kind == kind; });
}

std::uint64_t Profiler::nanos_to_next_round() const {
  if (any(WindowKind::kWall)) return kWallTickNanos;
  if (quiet_rounds_ <= kQuietRounds || !collections_.empty() || sampler_->hz() == 0) return kDrainNanos;
  return std::clamp(kQuietExpiries * base::kNanosPerSecond / sampler_->hz(), kDrainNanos, kQuietNanosMax);
}

void Profiler::tick() {
  const base::MonotonicNanos now = loop_.clock().monotonic_now();
  ++quiet_rounds_;
  drain();
  if (now >= next_scan_) scan(now);
  if (sampler_->running()) tick_wall();
  finish_due();
  base::MonotonicNanos next = now + nanos_to_next_round();
  for (const auto& collection : collections_) {
    next = std::min(next, collection->until);
    // Threads answer within microseconds; do not let the asker wait for the next drain.
    if (!collection->awaited.empty()) next = std::min(next, now + base::kNanosPerMilli);
  }
  if (sampler_->running() || !collections_.empty() || samples_always()) timer_.arm(next);
}

void Profiler::scan(base::MonotonicNanos now) {
  const bool was_running = sampler_->running();
  if (!was_running && collections_.empty() && !samples_always()) return;
  const bool all = now >= next_full_scan_;
  if (all) next_full_scan_ = now + kFullScanNanos;
  const std::int32_t self = ::gettid();
  const std::uint64_t used_before = thread_cpu_nanos(self);  // not the time in which others had the core
  sampler_->rescan([this](const SampledThread& thread, const Sample& sample) { on_sample(thread, sample); }, all);
  const std::uint64_t took = thread_cpu_nanos(self) - used_before;
  next_scan_ = now + std::max(kDrainNanos, took * kScanShare);
  if (!sampler_->running()) sample_again(now, was_running);
  follow_code();
}

/// Somebody took our signal: with another one, or, where none is free, not before the program gives one back.
void Profiler::sample_again(base::MonotonicNanos now, bool was_running) {
  const int lost = sampler_->signal();
  const Status begun = adapt_sampling();
  if (!begun && !was_running) {
    next_scan_ = now + kFullScanNanos;
    return;
  }
  if (options_.problem) {
    options_.problem(!begun        ? "nothing is sampled until one is given back: " + begun.error().message
                     : was_running ? "the program handles signal " + std::to_string(lost) +
                                         " now: the profiler goes on with " + std::to_string(sampler_->signal())
                                   : "sampled again, with signal " + std::to_string(sampler_->signal()));
  }
  if (begun) return;
  next_scan_ = now + kFullScanNanos;
  end_sampled(begun.error());
}

/// With an error: nobody shall wait for what cannot be had.
void Profiler::end_sampled(const Error& why) {
  std::vector<std::unique_ptr<Collection>> ended;
  for (auto& collection : collections_) {
    if (!is_recorded(collection->request.kind)) ended.push_back(std::move(collection));
  }
  std::erase(collections_, nullptr);
  wall_.clear();
  store_has_old_ = true;
  if (collections_.empty()) store_.reset();
  for (const auto& collection : ended) collection->done(why);
}

void Profiler::follow_code() {
  if ((!samples_heap_ && !samples_locks_) || recorders_code_ == sampler_->code()) return;
  recorders_code_ = sampler_->code();
  if (samples_heap_) heap_sampler::set_code(recorders_code_);
  if (samples_locks_) lock_sampler::set_code(recorders_code_);
}

void Profiler::tick_wall() {
  if (!any(WindowKind::kWall)) return wall_.clear();
  wall_.tick(*sampler_, loop_.clock().monotonic_now(), [this](const WallTicker::Place& place, std::uint64_t nanos) {
    for (const auto& collection : collections_) {
      if (collection->request.kind != WindowKind::kWall) continue;
      const std::uint32_t labels = collection->request.trace_labels ? place.labels_with_ids : place.labels;
      collection->window.add(place.stack, labels, {1, static_cast<std::int64_t>(nanos), 0, 0});
    }
  });
}

void Profiler::drain() {
  sampler_->drain([this](const SampledThread& thread, const Sample& sample) { on_sample(thread, sample); });
}

void Profiler::on_sample(const SampledThread& thread, const Sample& sample) {
  quiet_rounds_ = 0;
  const std::uint64_t period = sampler_->hz() == 0 ? 0 : base::kNanosPerSecond / sampler_->hz();
  if (sample.kind == SampleKind::kCpu) remember(thread, sample, sample.weight * period);
  if (collections_.empty()) return;
  make_room();
  const std::uint32_t stack = intern_stack(*store_, sample);
  const LabelSet labels = label_set(*store_, thread, sample);
  LabelSet with_ids = labels;
  with_ids.trace_id = sample.labels.trace_id;
  with_ids.span_id = sample.labels.span_id;
  WindowValues values{};
  values[kCountValue] = sample.weight;
  values[kNanosValue] = static_cast<std::int64_t>(sample.weight * period);
  if (sample.kind == SampleKind::kWall) {
    values[kCountValue] = 1;
    const bool wants_ids = std::any_of(collections_.begin(), collections_.end(), [](const auto& collection) {
      return collection->request.kind == WindowKind::kWall && collection->request.trace_labels;
    });
    const WallTicker::Place place{stack, store_->labels(labels), store_->labels(wants_ids ? with_ids : labels)};
    values[kNanosValue] = static_cast<std::int64_t>(wall_.answered(thread.tid, place));
  }
  for (const auto& collection : collections_) {
    const WindowKind kind = collection->request.kind;
    if (is_recorded(kind) || static_cast<std::uint8_t>(kind) != static_cast<std::uint8_t>(sample.kind)) continue;
    if (kind == WindowKind::kThreads) {
      const auto asked = std::find_if(collection->awaited.begin(), collection->awaited.end(),
                                      [&](const AskedThread& each) { return each.thread.tid == thread.tid; });
      if (asked == collection->awaited.end()) continue;  // a late answer
      add_thread(*collection, *asked, stack, with_ids);
      collection->awaited.erase(asked);
      continue;
    }
    collection->window.add(stack, store_->labels(collection->request.trace_labels ? with_ids : labels), values);
  }
}

/// Where one profile follows another without a gap the store is never let go: when it is full it is built anew, of what
/// is still under way.
void Profiler::make_room() {
  if (!store_has_old_ || !store_->full()) return;
  auto fresh = std::make_unique<StackStore>(options_.store_bytes_max);
  for (const auto& collection : collections_) {
    if (is_recorded(collection->request.kind)) continue;
    Window moved;
    collection->window.for_each([&](std::uint32_t stack, std::uint32_t labels, const WindowValues& values) {
      moved.add(fresh->stack_of(*store_, stack), fresh->labels_of(*store_, labels), values);
    });
    collection->window = std::move(moved);
  }
  store_ = std::move(fresh);
  store_has_old_ = false;
  wall_.forget_places();
}

void Profiler::remember(const SampledThread& thread, const Sample& sample, std::uint64_t nanos) {
  if (sample.labels.route_size != 0) {
    std::string route(sample.labels.route_text());
    if (route_nanos_.size() >= kRoutesMax && route_nanos_.find(route) == route_nanos_.end()) route = kOtherRoutes;
    route_nanos_[route] += nanos;
  }
  if (history_ == nullptr) return;
  StackStore& store = history_->store();
  const std::uint32_t stack = intern_stack(store, sample);
  const std::uint32_t labels = store.labels(label_set(store, thread, sample));
  history_->add(loop_.clock().unix_now(), stack, labels, {sample.weight, static_cast<std::int64_t>(nanos), 0, 0});
}

void Profiler::finish_due() {
  const base::MonotonicNanos now = loop_.clock().monotonic_now();
  std::vector<std::unique_ptr<Collection>> due;
  for (auto& collection : collections_) {
    const bool answered = collection->request.kind == WindowKind::kThreads && collection->awaited.empty();
    if (now >= collection->until || answered) due.push_back(std::move(collection));
  }
  std::erase(collections_, nullptr);
  for (const auto& collection : due) {
    add_silent_threads(*collection);
    collection->done(make_profile(*collection));
  }
  if (due.empty()) return;
  store_has_old_ = true;
  stop_if_idle();
}

void Profiler::stop_if_idle() {
  if (!collections_.empty()) {
    static_cast<void>(adapt_sampling());  // slower, if it was the fast one that ended
    return;
  }
  store_.reset();
  wall_.clear();
  if (samples_always()) {
    static_cast<void>(adapt_sampling());
  } else if (sampler_->running()) {
    sampler_->stop([](const SampledThread&, const Sample&) {});
    timer_.cancel();
  }
}

/// Of the kinds that threads record by themselves: what was before does not belong to a difference.
Status Profiler::begin_recorded(Collection& collection) const {
  if (!is_recorded(collection.request.kind)) return {};
  const bool is_heap = collection.request.kind == WindowKind::kHeap;
  if (is_heap && !samples_heap_) {
    return Error{ErrorCode::kNotFound, heap_sampler::is_linked()
                                           ? "there are no heap samples: heap_interval_bytes is 0"
                                           : "there are no heap samples: link nanospan::profile_heap"};
  }
  if (!is_heap && !samples_locks_) {
    return Error{ErrorCode::kNotFound, lock_sampler::is_linked()
                                           ? "waits for locks are not watched: locks is false"
                                           : "waits for locks are not watched: link nanospan::profile_locks"};
  }
  if (collection.request.nanos == 0) return {};
  const std::size_t values = is_heap && collection.request.all_in_use ? std::size_t{kInuseObjects} : kWindowValues;
  collection.window.subtract(recorded(collection.request.kind).window, values);
  return {};
}

Profile Profiler::make_profile(const Collection& collection) {
  const WindowKind kind = collection.request.kind;
  Profile profile;
  profile.has_lines = collection.request.lines;
  profile.time_unix_nanos = collection.began_unix;
  profile.duration_nanos = loop_.clock().monotonic_now() - collection.began;
  if (is_recorded(kind)) {
    const RecorderSnapshot now = recorded(kind);
    Window window = collection.window;
    window.add(now.window);
    fill_recorded(kind, window, now, options_.heap_interval_bytes, symbolizer_, profile);
  } else {
    fill_sampled(kind, collection.window, *store_, sampling(), symbolizer_, profile);
  }
  return profile;
}

Result<Profile> Profiler::past(base::UnixNanos from, base::UnixNanos to, bool lines) {
  if (history_ == nullptr) return Error{ErrorCode::kNotFound, "continuous profiling is off: there is no history"};
  drain();
  const History::Range range = history_->between(from, to);
  if (range.window.empty()) return Error{ErrorCode::kNotFound, "no samples between these moments"};
  Profile profile;
  profile.has_lines = lines;
  profile.time_unix_nanos = range.from;
  profile.duration_nanos = range.to - range.from;
  fill_sampled(WindowKind::kCpu, range.window, history_->store(), sampling(), symbolizer_, profile);
  return profile;
}

Sampling Profiler::sampling() const {
  return {sampler_->signal(), sampler_->hz(), kWallTickNanos, sampler_->counters(), history_bytes()};
}

std::vector<RouteTime> Profiler::routes() const {
  std::vector<RouteTime> routes;
  for (const auto& [route, nanos] : route_nanos_) routes.push_back({route, nanos});
  std::sort(routes.begin(), routes.end(),
            [](const RouteTime& a, const RouteTime& b) { return a.cpu_nanos > b.cpu_nanos; });
  return routes;
}

std::vector<std::string> Profiler::functions_at(const std::vector<std::uint64_t>& pcs) {
  sampler_->refresh_code();
  const CodeMap& code = *sampler_->code();
  std::vector<std::string> functions;
  for (const std::uint64_t pc : pcs) {
    functions.emplace_back();
    const CodeMap::Range* range = code.find(pc);
    if (range == nullptr) continue;
    const Module& of = *code.modules()[range->index];
    functions.back() =
        symbolizer_.function_at({of.path, of.build_id, of.base, of.begin, of.end, of.offset}, pc - of.base);
  }
  symbolizer_.release();
  return functions;
}

}  // namespace nanospan::profile

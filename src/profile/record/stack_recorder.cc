// A thread that is inside never enters again, so that what recording itself allocates or locks is not recorded.
// Threads: see the header.
#include "profile/record/stack_recorder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "base/time.h"
#include "profile/sampler/span_labels.h"

namespace nanospan::profile {
namespace {

[[gnu::tls_model("initial-exec")]] constinit thread_local bool inside = false;
[[gnu::tls_model("initial-exec")]] constinit thread_local std::uint64_t random_state = 0;

}  // namespace

bool StackRecorder::busy() { return inside; }

double StackRecorder::uniform() {  // splitmix64, 53 bits
  if (random_state == 0) {
    random_state = base::system_clock().monotonic_now() ^ reinterpret_cast<std::uintptr_t>(&inside);
  }
  std::uint64_t mixed = random_state += 0x9E3779B97F4A7C15u;
  mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
  return (static_cast<double>((mixed ^ mixed >> 31) >> 11) + 1) * 0x1.0p-53;
}

void StackRecorder::set_code(std::shared_ptr<const CodeMap> code) {
  {
    const Entered entered(*this);
    code_.swap(code);
  }
  // What was there before goes here, outside of the lock.
}

RecorderSnapshot StackRecorder::snapshot() {
  const Entered entered(*this);
  return {store_, window_, samples_};
}

// A walk probes pages by system calls that fail on purpose; operator new and pthread_mutex_lock leave errno alone.
StackRecorder::Entered::Entered(StackRecorder& recorder) : recorder_(recorder), errno_before_(errno) {
  inside = true;
  recorder_.mutex_.lock();
}

StackRecorder::Entered::~Entered() {
  recorder_.mutex_.unlock();
  inside = false;
  errno = errno_before_;
}

StackRecorder::Place StackRecorder::Entered::place(const Registers& here, std::size_t skipped) {
  ++recorder_.samples_;
  std::array<std::uint64_t, 128> pcs{};
  std::array<CodePoint, 128> points{};
  const CodeMap& code = *recorder_.code_;
  StackStore& store = recorder_.store_;
  const Walk walk = walk_stack(code, here, pcs.data(), 0, pcs.size() - 1, kFramesMax, &recorder_.rules_);
  skipped = std::min(skipped, walk.frames);
  for (std::size_t i = skipped; i < walk.frames; ++i) {
    const std::uint64_t call = pcs[i] - 1;
    const CodeMap::Range* range = code.find(call);
    points[i] = store.point(range == nullptr ? nullptr : code.modules()[range->index].get(), call);
  }
  SpanLabels span;
  read_span_labels(span);
  LabelSet labels;
  labels.route = store.text(span.route_text());
  labels.span_name = store.text(span.name_text());
  return recorder_.with_room(
      {store.stack(std::span(points).subspan(skipped, walk.frames - skipped)), store.labels(labels)});
}

/// What the window has already, it takes on and on. Of new places the labels go first, then the stack.
StackRecorder::Place StackRecorder::with_room(Place place) {
  const std::size_t most = place.labels == 0 ? entries_max_ : entries_max_ - entries_max_ / kWithoutLabelsShare;
  if (window_.has(place.stack, place.labels) || window_.size() < most) return place;
  if (place.stack != StackStore::kOverflow) store_.count_overflow();
  if (window_.has(place.stack, 0) || window_.size() < entries_max_) return {place.stack, 0};
  return {};
}

}  // namespace nanospan::profile

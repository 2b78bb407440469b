// A thread that used no CPU since its last stack is where it was, and is not interrupted again. Threads: see the
// header.
#include "profile/wall_ticker.h"

#include <algorithm>

namespace nanospan::profile {
namespace {

constexpr std::size_t kRememberedMax = 4 * kSlots;  // threads that are gone stay until then

}  // namespace

void WallTicker::tick(Sampler& sampler, base::MonotonicNanos now, const Charge& charge) {
  const auto& threads = sampler.threads();
  if (threads_.size() > kRememberedMax) threads_.clear();
  for (std::size_t i = 0; i < std::min(kThreadsPerTick, threads.size()); ++i) {
    visit(sampler, threads[next_++ % threads.size()], now, charge);
  }
}

void WallTicker::visit(Sampler& sampler, const SampledThread& thread, base::MonotonicNanos now, const Charge& charge) {
  Visited& visited = threads_[thread.tid];
  const std::uint64_t cpu_nanos = thread_cpu_nanos(thread.tid);
  const std::uint64_t elapsed = visited.last == 0 ? 0 : now - visited.last;
  visited.last = now;
  if (visited.fresh) {
    visited.fresh = false;
    visited.cpu_nanos = cpu_nanos;
  }
  const bool ran = cpu_nanos < visited.cpu_nanos || cpu_nanos - visited.cpu_nanos >= kRanNanos;
  if (visited.known && !ran) {
    if (elapsed > 0) charge(visited.place, elapsed);
    return;
  }
  visited.due += elapsed;
  visited.known = false;
  sampler.interrupt(thread, SampleKind::kWall);  // one that is still pending stays one
}

std::uint64_t WallTicker::answered(std::int32_t tid, const Place& place) {
  Visited& visited = threads_[tid];
  const std::uint64_t due = visited.due;
  visited.due = 0;
  visited.place = place;
  visited.fresh = visited.known = true;
  return due;
}

void WallTicker::forget_places() {
  for (auto& [tid, visited] : threads_) visited.known = false;
}

void WallTicker::clear() {
  threads_.clear();
  next_ = 0;
}

}  // namespace nanospan::profile

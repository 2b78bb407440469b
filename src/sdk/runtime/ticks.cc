// Errors are slewed away, by 500 ppm at most; where the wall clock was stepped it starts afresh. Threads: see the
// header.
#include "sdk/runtime/ticks.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/immortal.h"

namespace nanospan::sdk {
namespace {

// The kernel uses the counter as its own clock only if it found it invariant and in step on all processors.
bool kernel_trusts_ticks() {
#if defined(__x86_64__)
  constexpr std::string_view kTrusted = "tsc";
#elif defined(__aarch64__)
  constexpr std::string_view kTrusted = "arch_sys_counter";
#else
  return false;
#endif
  const int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char text[64];
  const ssize_t size = read(fd, text, sizeof text);
  close(fd);
  return size > 0 && std::string_view(text, static_cast<std::size_t>(size)).starts_with(kTrusted);
}

std::uint64_t rate(TickSample from, TickSample to) {
  const auto nanos = static_cast<detail::UnsignedWide>(to.unix_nanos - from.unix_nanos);
  return static_cast<std::uint64_t>((nanos << 32) / (to.ticks - from.ticks));
}

}  // namespace

bool TickClock::due(base::UnixNanos now) const {
  if (!trusted_) return false;
  const std::uint64_t interval = scale() == nullptr ? kFirstInterval : kInterval;
  return !anchored_ || now - latest_.unix_nanos >= interval;
}

void TickClock::publish(detail::ClockScale scale) {
  detail::ClockScale& slot = scales_[next_++ % kScales];
  slot = scale;
  current_.store(&slot, std::memory_order_release);
}

bool TickClock::refine(TickSample sample) {
  if (!trusted_) return false;
  const detail::ClockScale* before = scale();
  if (!anchored_) {
    anchored_ = true;
    anchor_ = latest_ = sample;
    return false;
  }
  if (sample.ticks <= latest_.ticks) return false;
  if (sample.unix_nanos < latest_.unix_nanos + kFirstInterval / 2 && sample.unix_nanos >= latest_.unix_nanos)
    return false;
  if (before == nullptr) {
    if (sample.unix_nanos <= anchor_.unix_nanos) {
      anchor_ = latest_ = sample;
      return false;
    }
    publish({sample.ticks, sample.unix_nanos, rate(anchor_, sample)});
    latest_ = sample;
    return true;
  }
  const base::UnixNanos predicted = before->unix_nanos(sample.ticks);
  const auto error = static_cast<std::int64_t>(sample.unix_nanos - predicted);
  if (error > static_cast<std::int64_t>(kStep) || error < -static_cast<std::int64_t>(kStep)) {
    steps_.fetch_add(1, std::memory_order_relaxed);
    publish({sample.ticks, sample.unix_nanos, before->multiplier});
    anchor_ = latest_ = sample;
    return true;
  }
  // Run at the rate seen since the last sample, bent so that the error is gone after the next interval; at most 500
  // ppm.
  const std::uint64_t seen = sample.unix_nanos > latest_.unix_nanos ? rate(latest_, sample) : before->multiplier;
  const auto bend_max = static_cast<std::int64_t>(seen / 2000);
  const auto wanted =
      static_cast<std::int64_t>(static_cast<detail::Wide>(seen) * error / static_cast<detail::Wide>(kInterval));
  const std::int64_t bend = std::clamp(wanted, -bend_max, bend_max);
  publish({sample.ticks, predicted, seen + static_cast<std::uint64_t>(bend)});
  latest_ = sample;
  return true;
}

TickClock& tick_clock() {
  static base::Immortal<TickClock> immortal(kernel_trusts_ticks());
  return *immortal;
}

TickSample take_tick_sample() {
  TickSample best{};
  std::uint64_t best_width = ~std::uint64_t{0};
  for (int attempt = 0; attempt < 5; ++attempt) {
    const std::uint64_t before = detail::read_ticks();
    const base::UnixNanos now = base::system_clock().unix_now();
    const std::uint64_t after = detail::read_ticks();
    if (after - before < best_width) {
      best_width = after - before;
      best = {before + (after - before) / 2, now};
    }
  }
  return best;
}

base::UnixNanos unix_now() {
  const detail::ClockScale* scale = tick_clock().scale();
  return scale != nullptr ? scale->unix_nanos(detail::read_ticks()) : base::system_clock().unix_now();
}

}  // namespace nanospan::sdk

// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014) on a counter that all threads
// share: no lock, and no state of a thread.
#include "base/jitter.h"

#include <sys/random.h>

#include <atomic>

namespace nanospan::base {
namespace {

constexpr std::uint64_t kStep = 0x9e37'79b9'7f4a'7c15;

std::uint64_t jitter_seed() {
  std::uint64_t seed = 0;
  static_cast<void>(::getrandom(&seed, sizeof seed, GRND_NONBLOCK));  // without it the spread is the same each time
  return seed;
}

}  // namespace

std::uint64_t jitter_bits() {
  static std::atomic<std::uint64_t> counter{jitter_seed()};
  std::uint64_t bits = counter.fetch_add(kStep, std::memory_order_relaxed) + kStep;
  bits = (bits ^ bits >> 30) * 0xbf58'476d'1ce4'e5b9;
  bits = (bits ^ bits >> 27) * 0x94d0'49bb'1331'11eb;
  return bits ^ bits >> 31;
}

}  // namespace nanospan::base

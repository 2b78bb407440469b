// Where the kernel refuses, clocks, addresses and the process id are mixed: ids stay apart, though they can be guessed.
#include "sdk/runtime/entropy.h"

#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "base/time.h"

namespace nanospan::sdk {
namespace {

// The finaliser of splitmix64 (Steele, Lea, Flood): every input bit reaches every output bit, and it is a bijection.
std::uint64_t mix(std::uint64_t word) {
  word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9ULL;
  word = (word ^ (word >> 27)) * 0x94D049BB133111EBULL;
  return word ^ (word >> 31);
}

std::atomic<std::uint64_t> calls{0};

}  // namespace

bool kernel_random(std::span<std::uint64_t> words) {
  const auto wanted = static_cast<ssize_t>(words.size_bytes());
  ssize_t got;
  do {
    got = getrandom(words.data(), words.size_bytes(), 0);
  } while (got < 0 && errno == EINTR);
  return got == wanted;
}

void fill_random(std::span<std::uint64_t> words, bool (*source)(std::span<std::uint64_t>)) {
  const auto all_zero = [&] { return std::all_of(words.begin(), words.end(), [](auto word) { return word == 0; }); };
  if (source(words) && !all_zero()) return;
  // The process id tells forked children apart, which share everything else.
  std::uint64_t seed = mix(base::system_clock().unix_now()) ^ mix(static_cast<std::uint64_t>(getpid()) << 32);
  seed ^= mix(base::system_clock().monotonic_now() ^ reinterpret_cast<std::uintptr_t>(&seed));
  do {
    seed += mix(calls.fetch_add(1, std::memory_order_relaxed) + 1);
    for (std::uint64_t& word : words) word = mix(seed += 0x9E3779B97F4A7C15ULL);
  } while (all_zero());
}

}  // namespace nanospan::sdk

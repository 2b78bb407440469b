// What a server does all day, in small: sort, format, hash, allocate, compress, throw, ask the time, recurse; in libc,
// libstdc++, zlib and the vDSO as well as in our own code. For samples that are like real ones.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/gzip.h"

namespace nanospan::profile::testing {

[[gnu::noinline]] inline int throws_at(int depth) {
  if (depth == 0) throw std::runtime_error("bottom");
  return throws_at(depth - 1) + 1;
}

[[gnu::noinline]] inline std::uint64_t recurses(int depth, std::uint64_t seed) {
  volatile std::uint64_t local[4] = {seed, seed * 3, seed * 5, seed * 7};
  if (depth == 0) return local[seed & 3];
  return recurses(depth - 1, local[(seed >> 2) & 3] + 1) + local[1];
}

/// One round, some hundred microseconds. Returns something that depends on all of it.
[[gnu::noinline]] inline std::uint64_t work_round(std::uint64_t seed) {
  std::vector<std::uint64_t> numbers(256);
  std::generate(numbers.begin(), numbers.end(),
                [&] { return seed = seed * 6364136223846793005u + 1442695040888963407u; });
  std::qsort(numbers.data(), numbers.size(), sizeof numbers[0], [](const void* a, const void* b) {
    const auto x = *static_cast<const std::uint64_t*>(a), y = *static_cast<const std::uint64_t*>(b);
    return x < y ? -1 : x > y ? 1 : 0;
  });
  std::map<std::string, std::uint64_t> words;
  for (int i = 0; i < 64; ++i) words["key-" + std::to_string(numbers[static_cast<std::size_t>(i)] % 97)] += seed;
  std::ostringstream text;
  for (const auto& [key, value] : words) text << key << '=' << value << ' ' << static_cast<double>(value) / 3 << '\n';
  const std::string body = text.str();
  const auto packed = net::gzip_compress(std::array{std::string_view(body)});
  std::function<std::uint64_t(int)> indirect = [&](int depth) { return recurses(depth, seed); };
  std::uint64_t sum = indirect(40) + (packed ? packed->view().size() : 0);
  try {
    sum += static_cast<std::uint64_t>(throws_at(8));
  } catch (const std::runtime_error& error) {
    sum += static_cast<std::uint64_t>(error.what()[0]);
  }
  for (int i = 0; i < 16; ++i) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    sum += static_cast<std::uint64_t>(now.tv_nsec);
  }
  return sum;
}

}  // namespace nanospan::profile::testing

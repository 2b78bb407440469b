// Counts the allocations of each thread, by replacing the program's malloc family: link allocations.cc into a program
// and it counts. Must not be linked with a sanitizer.
#pragma once

#include <cstdint>

namespace nanospan::bench {

struct Allocations {
  std::uint64_t count = 0, bytes = 0;
};
/// Of the calling thread so far. Memory given back is not subtracted.
Allocations allocations();

}  // namespace nanospan::bench

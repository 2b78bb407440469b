// Random bits for ids: the kernel's, or where it refuses them (a seccomp filter), the next best thing. Thread-safe.
#pragma once

#include <cstdint>
#include <span>

namespace nanospan::sdk {

/// Fills `words` from the kernel; false if it refuses.
bool kernel_random(std::span<std::uint64_t> words);

/// Fills `words` from `source`; if that refuses, with a mix of clocks, process, thread and a counter: no two calls give
/// the same, but they can be guessed. Never all zero.
void fill_random(std::span<std::uint64_t> words, bool (*source)(std::span<std::uint64_t>) = &kernel_random);

}  // namespace nanospan::sdk

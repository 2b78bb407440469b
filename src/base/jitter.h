// Random bits that spread things out in time: cheap, and not for secrets. Any thread.
#pragma once

#include <cstdint>

namespace nanospan::base {

/// 64 bits; another process, or this one started again, gets others.
std::uint64_t jitter_bits();

}  // namespace nanospan::base

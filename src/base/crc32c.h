// CRC-32C (Castagnoli; RFC 3720, appendix B.4): the checksum of snappy's framing format. With the SSE 4.2 instruction
// where the processor has it, else by table. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace nanospan::base {

/// Of `bytes`, going on after bytes whose checksum is `before`.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace nanospan::base

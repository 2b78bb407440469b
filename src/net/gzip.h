// gzip (RFC 1952) and deflate (RFC 1950) on zlib. A library of its own (nanospan_net_gzip), so that programs without
// them do not link zlib. Thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"
#include "net/byte_block.h"
#include "net/codec.h"

namespace nanospan::net {

extern const Codec kGzipCodec;
extern const Codec kDeflateCodec;

/// Compresses the slices, in order, into one gzip member. `level` is 1 (fast) to 9, or 0 for stored.
Result<ByteBlock> gzip_compress(std::span<const std::string_view> slices, int level = 1);

/// The size that a gzip body says it inflates to: its last four bytes, little endian, modulo 2^32 (RFC 1952, 2.3.1); 0
/// if they are not in one slice. Of several members the last one's; a hint.
std::size_t gzip_size_hint(std::span<const std::string_view> body);

}  // namespace nanospan::net

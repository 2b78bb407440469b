// snappy in both of its forms on libsnappy: the block, which is one piece with its size in front, and the framing
// format, a stream of checksummed chunks. HTTP calls both "snappy"; is_snappy_framed() tells them apart. A library of
// its own (nanospan_net_snappy). Thread-safe.
#pragma once

#include "net/codec.h"

namespace nanospan::net {

extern const Codec kSnappyBlockCodec;
extern const Codec kSnappyFramedCodec;

/// The body begins as the framing format does, which no block of a useful size can.
bool is_snappy_framed(std::span<const std::string_view> body);

}  // namespace nanospan::net

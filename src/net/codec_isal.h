// gzip and deflate on isa-l: two and a half times as fast as zlib at inflating, five times at compressing, a few
// percent larger. What the gateway uses where it is there (figures: docs/decisions/0023-codecs.md). x86-64 and
// arm64. A library of its own (nanospan_net_isal). Thread-safe.
#pragma once

#include "net/codec.h"

namespace nanospan::net {

extern const Codec kIsalGzipCodec;
extern const Codec kIsalDeflateCodec;

}  // namespace nanospan::net

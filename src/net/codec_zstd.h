// zstd (RFC 8878) on libzstd. A library of its own (nanospan_net_zstd). Thread-safe.
#pragma once

#include "net/codec.h"

namespace nanospan::net {

extern const Codec kZstdCodec;

}  // namespace nanospan::net

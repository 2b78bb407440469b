// How the OTLP exporters reach zlib, zstd and snappy without linking them: symbols that nanospan::gzip, nanospan::zstd
// and nanospan::snappy define and nanospan::sdk refers to weakly. Linking such a target brings `-u` with its symbol, so
// the definition is there exactly if the target is linked, statically or as a shared library, and before any static
// constructor runs. Thread-safe.
#pragma once

#include <cstddef>

#include <span>
#include <string>
#include <string_view>

#include <nanospan/exporters.h>

#include "net/byte_block.h"

namespace nanospan::exporters {

/// One content coding, for bodies as exports have them.
struct BodyCodec {
  /// Compresses the slices, in order, into one frame; false if memory ran out.
  bool (*encode)(std::span<const std::string_view> slices, net::ByteBlock& out);
  /// The inverse; false if `body` is not of this coding, holds more than `bytes_max` bytes, or memory ran out.
  bool (*decode)(std::string_view body, std::size_t bytes_max, std::string& out);
};

enum class Protocol : std::uint8_t { kHttp, kGrpc };  ///< They mean two formats when they say snappy.

/// What HTTP and gRPC call it, which is also the name of its target: "gzip". REQUIRES: not kNone.
std::string_view coding_name(Compression compression);
/// Null unless its target is linked into this program.
const BodyCodec* linked_codec(Compression compression, Protocol protocol);
/// By the name that a peer gave; null as above, or if it is no coding of ours.
const BodyCodec* linked_codec(std::string_view name, Protocol protocol);

}  // namespace nanospan::exporters

extern "C" {
[[gnu::visibility("default")]] extern const nanospan::exporters::BodyCodec nanospan_gzip_r2;
[[gnu::visibility("default")]] extern const nanospan::exporters::BodyCodec nanospan_zstd_r1;
[[gnu::visibility("default")]] extern const nanospan::exporters::BodyCodec nanospan_snappy_r1;         // HTTP: a block
[[gnu::visibility("default")]] extern const nanospan::exporters::BodyCodec nanospan_snappy_framed_r1;  // gRPC
}

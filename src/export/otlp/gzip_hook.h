// How the OTLP exporter reaches gzip without linking zlib: two symbols that nanospan::gzip defines and nanospan::sdk
// refers to weakly. Linking nanospan::gzip brings `-u nanospan_gzip_r1`, so the definitions (of one object) are there
// exactly if the target is linked, statically or as a shared library, and before any static constructor runs.
// Thread-safe.
#pragma once

#include <cstddef>

#include <span>
#include <string>
#include <string_view>

#include "net/byte_block.h"

/// Compresses the slices, in order, into one gzip member; false if memory ran out.
extern "C" [[gnu::visibility("default")]] bool nanospan_gzip_r1(std::span<const std::string_view> slices,
                                                                nanospan::net::ByteBlock& out);
/// The inverse; false if `body` is not gzip, holds more than `bytes_max` bytes, or memory ran out.
extern "C" [[gnu::visibility("default")]] bool nanospan_gunzip_r1(std::string_view body, std::size_t bytes_max,
                                                                  std::string& out);

namespace nanospan::exporters {

using GzipEncoder = bool (*)(std::span<const std::string_view> slices, net::ByteBlock& out);

/// Null unless nanospan::gzip is linked into this program.
GzipEncoder gzip_encoder();

using GzipDecoder = bool (*)(std::string_view body, std::size_t bytes_max, std::string& out);

/// Null unless nanospan::gzip is linked into this program.
GzipDecoder gzip_decoder();

}  // namespace nanospan::exporters

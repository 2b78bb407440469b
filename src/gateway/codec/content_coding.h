// ContentCoding: a content coding by the name that HTTP headers and configuration files use, and the codec behind it.
//
// Several names may mean one codec, and one coding may have several codecs: the fastest that this build has is taken
// (isa-l before zlib). Constant, thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "net/codec.h"

namespace nanospan::gateway {

struct ContentCoding {
  std::string_view name;
  const net::Codec* codec;
};

/// All that this build has, the usual first.
std::span<const ContentCoding> content_codings();

/// By name, whatever its case; null if this build has no such coding.
const ContentCoding* find_content_coding(std::string_view name);

/// "gzip, zstd, snappy": their names, for answers and messages.
std::string content_coding_names();

/// `codec`, or the form of it that the body shows: "snappy" means both of its formats (Collector: confighttp,
/// compression.go).
const net::Codec& codec_of_body(const net::Codec& codec, std::string_view body);

}  // namespace nanospan::gateway

// ContentCoding: a content coding by the name that HTTP headers and configuration files use, and the codec behind it.
//
// Several names may mean one codec, and one coding may have several codecs: the fastest that this build has is taken
// (isa-l before zlib). Constant, thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

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

/// By the names of `grpc-encoding`: gzip, zstd and snappy, which there is the framed format (grpc-go, mostynb/go-grpc-
/// compression); null if it is another or not in this build.
const net::Codec* find_grpc_codec(std::string_view name);
/// Those names, as far as this build has them.
std::vector<std::string> grpc_coding_names();

/// "gzip, zstd, snappy": their names, for answers and messages.
std::string content_coding_names();

/// `codec`, or the form of it that the body shows: "snappy" means both of its formats (Collector: confighttp,
/// compression.go).
const net::Codec& codec_of_body(const net::Codec& codec, std::string_view body);

}  // namespace nanospan::gateway

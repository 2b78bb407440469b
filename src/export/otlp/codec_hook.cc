// The weak side of the hook. Thread-safe.
#include "export/otlp/codec_hook.h"

#pragma weak nanospan_gzip_r2
#pragma weak nanospan_zstd_r1
#pragma weak nanospan_snappy_r1
#pragma weak nanospan_snappy_framed_r1

namespace nanospan::exporters {

std::string_view coding_name(Compression compression) {
  switch (compression) {
    case Compression::kZstd:
      return "zstd";
    case Compression::kSnappy:
      return "snappy";
    default:
      return "gzip";
  }
}

const BodyCodec* linked_codec(Compression compression, Protocol protocol) {
  switch (compression) {
    case Compression::kGzip:
      return &nanospan_gzip_r2;
    case Compression::kZstd:
      return &nanospan_zstd_r1;
    case Compression::kSnappy:
      return protocol == Protocol::kGrpc ? &nanospan_snappy_framed_r1 : &nanospan_snappy_r1;
    default:
      return nullptr;
  }
}

const BodyCodec* linked_codec(std::string_view name, Protocol protocol) {
  for (const Compression each : {Compression::kGzip, Compression::kZstd, Compression::kSnappy}) {
    if (name == coding_name(each)) return linked_codec(each, protocol);
  }
  return nullptr;
}

}  // namespace nanospan::exporters

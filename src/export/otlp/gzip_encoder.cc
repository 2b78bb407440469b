// The strong side of the hook, in a library of its own (nanospan::gzip), which needs zlib. Thread-safe.
#include <utility>

#include "export/otlp/gzip_hook.h"
#include "net/decode_text.h"
#include "net/gzip.h"

bool nanospan_gzip_r1(std::span<const std::string_view> slices, nanospan::net::ByteBlock& out) {
  nanospan::Result<nanospan::net::ByteBlock> compressed = nanospan::net::gzip_compress(slices);
  if (!compressed) return false;
  out = std::move(compressed).value();
  return true;
}

bool nanospan_gunzip_r1(std::string_view body, std::size_t bytes_max, std::string& out) {
  nanospan::Result<std::string> text = nanospan::net::decode_text(nanospan::net::kGzipCodec, body, bytes_max);
  if (!text) return false;
  out = std::move(text).value();
  return true;
}

// The strong side of the hook, in a library of its own (nanospan::gzip), which needs zlib. Thread-safe.
#include <utility>

#include "export/otlp/gzip_hook.h"
#include "net/gzip.h"

bool nanospan_gzip_r1(std::span<const std::string_view> slices, nanospan::net::ByteBlock& out) {
  nanospan::Result<nanospan::net::ByteBlock> compressed = nanospan::net::gzip_compress(slices);
  if (!compressed) return false;
  out = std::move(compressed).value();
  return true;
}

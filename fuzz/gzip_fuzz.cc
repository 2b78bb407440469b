// LINK: nanospan_net_gzip nanospan_net
// gzip and deflate on zlib.
#include "fuzz/codec_check.h"
#include "net/gzip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  nanospan::fuzz::check_codec(nanospan::net::kGzipCodec, input);
  nanospan::fuzz::check_codec(nanospan::net::kDeflateCodec, input);
  return 0;
}

// LINK: nanospan_net_snappy nanospan_net
// Both formats of snappy.
#include "fuzz/codec_check.h"
#include "net/codec_snappy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  nanospan::fuzz::check_codec(nanospan::net::kSnappyBlockCodec, input);
  nanospan::fuzz::check_codec(nanospan::net::kSnappyFramedCodec, input);
  return 0;
}

// LINK: nanospan_net_zstd nanospan_net
// zstd.
#include "fuzz/codec_check.h"
#include "net/codec_zstd.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nanospan::fuzz::check_codec(nanospan::net::kZstdCodec, {reinterpret_cast<const char*>(data), size});
  return 0;
}

// The two sides of the hook, linked together as nanospan::zstd does it.
#ifdef NANOSPAN_HAS_ZSTD
#include "net/codec_zstd.h"

#include "tests/export/otlp/codec_check.h"

namespace nanospan::exporters {
namespace {

TEST(ZstdCodec, LinkingTheLibraryBringsIt) {
  check_linked_codec(Compression::kZstd, Protocol::kHttp, net::kZstdCodec);
  check_linked_codec(Compression::kZstd, Protocol::kGrpc, net::kZstdCodec);
}

}  // namespace
}  // namespace nanospan::exporters
#endif

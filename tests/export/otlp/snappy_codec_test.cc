// The two sides of the hook, linked together as nanospan::snappy does it.
#ifdef NANOSPAN_HAS_SNAPPY
#include "net/codec_snappy.h"

#include "tests/export/otlp/codec_check.h"

namespace nanospan::exporters {
namespace {

TEST(SnappyCodec, LinkingTheLibraryBringsIt) {
  check_linked_codec(Compression::kSnappy, Protocol::kHttp, net::kSnappyBlockCodec);
  check_linked_codec(Compression::kSnappy, Protocol::kGrpc, net::kSnappyFramedCodec);
}

}  // namespace
}  // namespace nanospan::exporters
#endif

// The two sides of the hook, linked together as nanospan::gzip does it.
#ifdef NANOSPAN_HAS_GZIP
#include "net/gzip.h"

#include "tests/export/otlp/codec_check.h"

namespace nanospan::exporters {
namespace {

TEST(GzipCodec, LinkingTheLibraryBringsIt) {
  check_linked_codec(Compression::kGzip, Protocol::kHttp, net::kGzipCodec);
  check_linked_codec(Compression::kGzip, Protocol::kGrpc, net::kGzipCodec);
}

}  // namespace
}  // namespace nanospan::exporters
#endif

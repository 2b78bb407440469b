// Which headers no user may set.
#include "net/reserved_headers.h"

#include <gtest/gtest.h>

namespace nanospan::net {
namespace {

TEST(ReservedHeaders, FramingEncodingAndTheConnectionInAnyCase) {
  for (const char* name : {"Content-Length", "TRANSFER-ENCODING", "connection", "Host", "te", "grpc-encoding",
                           "Grpc-Accept-Encoding", "content-type"}) {
    EXPECT_TRUE(is_reserved_header(name)) << name;
  }
  for (const char* name : {"authorization", "User-Agent", "x-tenant", "grpc-trace-bin", ""}) {
    EXPECT_FALSE(is_reserved_header(name)) << name;
  }
}

}  // namespace
}  // namespace nanospan::net

#include "net/linked_tls.h"

#include <gtest/gtest.h>

namespace nanospan::net {
namespace {

// With the library: tests/export/otlp/tls_client_test.cc.
TEST(LinkedTls, WithoutTheLibraryItSaysWhatToLink) {
  const Result<StreamFactory> streams = tls_streams({}, "collector", "http/1.1");
  ASSERT_FALSE(streams.ok());
  EXPECT_EQ(streams.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(streams.error().message,
            "https needs the library target nanospan::tls, which is not linked into this program");
}

}  // namespace
}  // namespace nanospan::net

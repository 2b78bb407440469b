// The two sides of the gzip hook, linked together as nanospan::gzip does it.
#ifdef NANOSPAN_HAS_GZIP
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "export/otlp_http/gzip_hook.h"
#include "net/gzip.h"

namespace nanospan::exporters {
namespace {

TEST(GzipHook, LinkingTheLibraryBringsTheEncoder) {
  ASSERT_NE(gzip_encoder(), nullptr);
  const std::string first(100'000, 'a'), second = "bcd";
  const std::array<std::string_view, 3> slices = {first, "", second};
  net::ByteBlock compressed;
  ASSERT_TRUE(gzip_encoder()(slices, compressed));
  EXPECT_LT(compressed.size(), 1000U);
  const std::array<std::string_view, 1> whole = {compressed.view()};
  const Result<net::Gunzipped> inflated = net::gzip_decompress(whole, 1U << 20);
  ASSERT_TRUE(inflated.ok());
  EXPECT_TRUE(inflated->single_member) << "receivers exist that drop all but the first member";
  EXPECT_EQ(inflated->bytes.view(), first + second);
}

TEST(GzipHook, NothingIsAValidBody) {
  net::ByteBlock compressed;
  ASSERT_TRUE(gzip_encoder()({}, compressed));
  const std::array<std::string_view, 1> whole = {compressed.view()};
  EXPECT_EQ(net::gzip_decompress(whole, 10)->bytes.size(), 0U);
}

}  // namespace
}  // namespace nanospan::exporters
#endif

// The two sides of the gzip hook, linked together as nanospan::gzip does it.
#ifdef NANOSPAN_HAS_GZIP
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "export/otlp/gzip_hook.h"
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
  net::DecodeBuffer inflated(1U << 20);
  const Result<net::Decoded> decoded = net::kGzipCodec.make_decoder()->decode(whole, inflated);
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(decoded->single_frame) << "receivers exist that drop all but the first member";
  EXPECT_EQ(inflated.take().view(), first + second);
}

TEST(GzipHook, NothingIsAValidBody) {
  net::ByteBlock compressed;
  ASSERT_TRUE(gzip_encoder()({}, compressed));
  const std::array<std::string_view, 1> whole = {compressed.view()};
  net::DecodeBuffer inflated(10);
  ASSERT_TRUE(net::kGzipCodec.make_decoder()->decode(whole, inflated).ok());
  EXPECT_EQ(inflated.size(), 0U);
}

}  // namespace
}  // namespace nanospan::exporters
#endif

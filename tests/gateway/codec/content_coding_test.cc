// Names of codings, over HTTP and over gRPC.
#include "gateway/codec/content_coding.h"

#include <gtest/gtest.h>

namespace nanospan::gateway {
namespace {

TEST(ContentCoding, NamesAreTheCollectors) {
  EXPECT_EQ(content_coding_names(), "gzip, zstd, snappy, x-snappy-framed, deflate, zlib, x-gzip");
  EXPECT_EQ(find_content_coding("GZip")->codec->coding, net::Coding::kGzip);
  EXPECT_EQ(find_content_coding("zlib")->codec, find_content_coding("deflate")->codec);
  EXPECT_EQ(find_content_coding("snappy")->codec->coding, net::Coding::kSnappyBlock);
  for (const char* other : {"", "identity", "br", "lz4", "gzip, gzip"}) EXPECT_EQ(find_content_coding(other), nullptr);
}

TEST(ContentCoding, GrpcHasThreeAndItsSnappyIsFramed) {
  EXPECT_EQ(grpc_coding_names(), (std::vector<std::string>{"gzip", "zstd", "snappy"}));
  EXPECT_EQ(find_grpc_codec("snappy")->coding, net::Coding::kSnappyFramed);
  EXPECT_EQ(find_grpc_codec("zstd")->coding, net::Coding::kZstd);
  for (const char* other : {"", "identity", "deflate", "x-snappy-framed"}) EXPECT_EQ(find_grpc_codec(other), nullptr);
}

}  // namespace
}  // namespace nanospan::gateway

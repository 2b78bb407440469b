// Names and formats of the content codings that the exporters may have.
#include "export/otlp/codec_hook.h"

#include <gtest/gtest.h>

namespace nanospan::exporters {
namespace {

TEST(CodecHook, EachCodingHasTheNameThatPeersKnowItBy) {
  EXPECT_EQ(coding_name(Compression::kGzip), "gzip");
  EXPECT_EQ(coding_name(Compression::kZstd), "zstd");
  EXPECT_EQ(coding_name(Compression::kSnappy), "snappy");
}

TEST(CodecHook, WhatIsNoCodingOfOursHasNone) {
  EXPECT_EQ(linked_codec(Compression::kNone, Protocol::kHttp), nullptr);
  for (const char* name : {"", "identity", "deflate", "GZIP"}) EXPECT_EQ(linked_codec(name, Protocol::kGrpc), nullptr);
}

}  // namespace
}  // namespace nanospan::exporters

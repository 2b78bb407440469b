// The two sides of the hook of content codings, linked together as nanospan::gzip, ::zstd and ::snappy do it.
#include "export/otlp/codec_hook.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "net/codec.h"
#ifdef NANOSPAN_HAS_GZIP
#include "net/gzip.h"
#endif
#ifdef NANOSPAN_HAS_ZSTD
#include "net/codec_zstd.h"
#endif
#ifdef NANOSPAN_HAS_SNAPPY
#include "net/codec_snappy.h"
#endif

namespace nanospan::exporters {
namespace {

struct CodecCase {
  Compression compression;
  Protocol protocol;
  const char* name;
  const net::Codec& judge;
};

const CodecCase kCodecCases[] = {
#ifdef NANOSPAN_HAS_GZIP
    {Compression::kGzip, Protocol::kHttp, "gzip", net::kGzipCodec},
    {Compression::kGzip, Protocol::kGrpc, "gzip", net::kGzipCodec},
#endif
#ifdef NANOSPAN_HAS_ZSTD
    {Compression::kZstd, Protocol::kHttp, "zstd", net::kZstdCodec},
    {Compression::kZstd, Protocol::kGrpc, "zstd", net::kZstdCodec},
#endif
#ifdef NANOSPAN_HAS_SNAPPY
    {Compression::kSnappy, Protocol::kHttp, "snappy", net::kSnappyBlockCodec},
    {Compression::kSnappy, Protocol::kGrpc, "snappy", net::kSnappyFramedCodec},
#endif
};

TEST(CodecHook, LinkingTheLibraryBringsItsCoding) {
  const std::string first(100'000, 'a'), second = "bcd";
  const std::array<std::string_view, 3> slices = {first, "", second};
  for (const CodecCase& each : kCodecCases) {
    SCOPED_TRACE(each.name);
    EXPECT_EQ(coding_name(each.compression), each.name);
    const BodyCodec* const codec = linked_codec(each.compression, each.protocol);
    ASSERT_NE(codec, nullptr);
    EXPECT_EQ(linked_codec(each.name, each.protocol), codec);
    net::ByteBlock compressed;
    ASSERT_TRUE(codec->encode(slices, compressed));
    EXPECT_LT(compressed.size(), 10'000U);
    const std::array<std::string_view, 1> whole = {compressed.view()};
    net::DecodeBuffer inflated(1U << 20);
    const Result<net::Decoded> decoded = each.judge.make_decoder()->decode(whole, inflated);
    ASSERT_TRUE(decoded.ok());
    EXPECT_TRUE(decoded->single_frame) << "receivers exist that drop all but the first";
    EXPECT_EQ(inflated.take().view(), first + second);
    std::string back;
    EXPECT_TRUE(codec->decode(compressed.view(), 100'003, back));
    EXPECT_EQ(back, first + second);
    EXPECT_FALSE(codec->decode(compressed.view(), 100'002, back)) << "more than is allowed";
    EXPECT_FALSE(codec->decode("no such thing", 100, back));
  }
}

TEST(CodecHook, NothingIsAValidBody) {
  for (const CodecCase& each : kCodecCases) {
    SCOPED_TRACE(each.name);
    const BodyCodec& codec = *linked_codec(each.compression, each.protocol);
    net::ByteBlock compressed;
    ASSERT_TRUE(codec.encode({}, compressed));
    std::string back = "something";
    ASSERT_TRUE(codec.decode(compressed.view(), 10, back));
    EXPECT_EQ(back, "");
  }
}

TEST(CodecHook, WhatIsNoCodingOfOursHasNone) {
  EXPECT_EQ(linked_codec(Compression::kNone, Protocol::kHttp), nullptr);
  for (const char* name : {"", "identity", "deflate", "GZIP"}) EXPECT_EQ(linked_codec(name, Protocol::kGrpc), nullptr);
}

}  // namespace
}  // namespace nanospan::exporters

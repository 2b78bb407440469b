// What holds of each coding that the exporters' hook brings.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "export/otlp/codec_hook.h"
#include "net/codec.h"

namespace nanospan::exporters {

/// `judge`: the same format, for what came out.
inline void check_linked_codec(Compression compression, Protocol protocol, const net::Codec& judge) {
  const std::string first(100'000, 'a'), second = "bcd";
  const std::array<std::string_view, 3> slices = {first, "", second};
  const BodyCodec* const codec = linked_codec(compression, protocol);
  ASSERT_NE(codec, nullptr);
  EXPECT_EQ(linked_codec(coding_name(compression), protocol), codec) << "by the name that peers know it by";
  net::ByteBlock compressed;
  ASSERT_TRUE(codec->encode(slices, compressed));
  EXPECT_LT(compressed.size(), 10'000U);
  const std::array<std::string_view, 1> whole = {compressed.view()};
  net::DecodeBuffer inflated(1U << 20);
  const Result<net::Decoded> decoded = judge.make_decoder()->decode(whole, inflated);
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(decoded->single_frame) << "receivers exist that drop all but the first";
  EXPECT_EQ(inflated.take().view(), first + second);
  std::string back;
  EXPECT_TRUE(codec->decode(compressed.view(), first.size() + second.size(), back));
  EXPECT_EQ(back, first + second);
  EXPECT_FALSE(codec->decode(compressed.view(), first.size() + second.size() - 1, back)) << "more than is allowed";
  EXPECT_FALSE(codec->decode("no such thing", 100, back));
  net::ByteBlock empty;
  ASSERT_TRUE(codec->encode({}, empty));
  ASSERT_TRUE(codec->decode(empty.view(), 10, back)) << "nothing is a valid body";
  EXPECT_EQ(back, "");
}

}  // namespace nanospan::exporters

// snappy beside what holds for every codec (codec_test.cc): the reference library, bytes of other implementations, and
// what the framing format allows and forbids.
#ifdef NANOSPAN_HAS_SNAPPY
#include "net/codec_snappy.h"

#include <gtest/gtest.h>
#include <snappy.h>

#include "tests/net/codec_cases.h"

namespace nanospan::net {
namespace {

constexpr std::string_view kIdentifier("\xFF\x06\x00\x00sNaPpY", 10);

TEST(SnappyBlock, IsWhatTheReferenceReadsAndWrites) {
  const std::string text = random_text(200'000, 12);
  std::string theirs, back;
  snappy::Compress(text.data(), text.size(), &theirs);
  EXPECT_EQ(decoded(kSnappyBlockCodec, theirs)->text, text);
  const std::string ours = encoded(kSnappyBlockCodec, text);
  ASSERT_TRUE(snappy::Uncompress(ours.data(), ours.size(), &back));
  EXPECT_EQ(back, text);
}

TEST(SnappyBlock, ASizeThatSoFewBytesCannotBecomeIsNotAllocated) {
  std::size_t most = 0;
  DecodeBuffer out(std::size_t{1} << 40, [&](std::size_t wanted) { return most = std::max(most, wanted); });
  const std::string_view lie("\xFF\xFF\xFF\xFF\x0F\x00x", 7);  // 4 GiB - 1, then a literal of one byte
  EXPECT_EQ(kSnappyBlockCodec.make_decoder()->decode({&lie, 1}, out).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(most, 0u);
}

TEST(SnappyFramed, ReadsAStreamOfAnotherImplementation) {
  // By the reference documents: one stored chunk of "hello", its masked checksum, then padding and a skippable chunk.
  const std::string stream = std::string(kIdentifier) + std::string(
                                                            "\x01\x09\x00\x00"
                                                            "\xbb\x1f\x1c\x19"
                                                            "hello",
                                                            13);
  ASSERT_TRUE(decoded(kSnappyFramedCodec, stream).ok()) << decoded(kSnappyFramedCodec, stream).error().message;
  EXPECT_EQ(decoded(kSnappyFramedCodec, stream)->text, "hello");
  EXPECT_TRUE(decoded(kSnappyFramedCodec, stream)->single_frame);
  const std::string padded = stream + std::string(
                                          "\xFE\x02\x00\x00"
                                          "\0\0"
                                          "\x80\x01\x00\x00"
                                          "x",
                                          11);
  EXPECT_EQ(decoded(kSnappyFramedCodec, padded)->text, "hello");
  EXPECT_FALSE(decoded(kSnappyFramedCodec, padded)->single_frame);
}

TEST(SnappyFramed, IncompressibleChunksAreStored) {
  const std::string text = random_text(150'000, 256);
  const std::string packed = encoded(kSnappyFramedCodec, text);
  EXPECT_EQ(packed.size(), 10 + text.size() + 3 * 8);
  EXPECT_EQ(packed[10], '\x01');
}

TEST(SnappyFramed, WhatTheFormatForbids) {
  const std::string id(kIdentifier);
  const struct {
    std::string bytes;
    std::string_view reason;
  } cases[] = {
      {"sNaPpYsNaPpY", "is broken after byte 0: it does not begin with sNaPpY"},
      {id + std::string("\x01\x09\x00\x00"
                        "\xbb\x1f\x1c\x18"
                        "hello",
                        13),
       "is broken after byte 10: wrong checksum"},
      {id + std::string("\x02\x00\x00\x00", 4), "is broken after byte 10: a chunk of reserved type 2"},
      {id + std::string("\x00\x03\x00\x00"
                        "abc",
                        7),
       "is broken after byte 10: a chunk of 3 bytes is not allowed"},
      {id + std::string("\xFF\x06\x00\x00"
                        "sNaPpy",
                        10),
       "is broken after byte 10: a stream identifier is wrong"},
      {id + std::string("\x00\x07\x00\x00"
                        "\0\0\0\0"
                        "\xFF\xFF\x7F",
                        11),
       "is broken after byte 10: a chunk becomes more than 65536 bytes"},
      {id + std::string("\x01\x09\x00\x00"
                        "\xbb",
                        5),
       "ends before its end mark, at byte 15"},
  };
  for (const auto& [bytes, reason] : cases) EXPECT_EQ(decoded(kSnappyFramedCodec, bytes).error().message, reason);
}

TEST(Snappy, TheFormsAreToldApart) {
  const auto is_framed = [](std::string_view body) { return is_snappy_framed({&body, 1}); };
  EXPECT_TRUE(is_framed(encoded(kSnappyFramedCodec, "x")));
  EXPECT_FALSE(is_framed(encoded(kSnappyBlockCodec, "x")));
  EXPECT_FALSE(is_framed(kIdentifier.substr(0, 9)));
}

}  // namespace
}  // namespace nanospan::net
#endif

// What holds for every codec: round trips in any pieces, exact limits, bombs, broken bodies, joined frames.
#include "net/codec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/net/codec_cases.h"

namespace nanospan::net {
namespace {

class CodecTest : public ::testing::TestWithParam<CodecCase> {
 protected:
  const Codec& codec_ = *GetParam().codec;
};

TEST_P(CodecTest, RoundTripsAtEveryLevelAndEntropy) {
  for (int level = codec_.level_min; level <= codec_.level_max; ++level) {
    for (const unsigned alphabet : {1u, 4u, 256u}) {
      for (const std::size_t size : {0u, 1u, 1000u, 65'536u, 300'000u}) {
        const std::string text = random_text(size, alphabet);
        const Result<DecodedText> back = decoded(codec_, encoded(codec_, text, level));
        ASSERT_TRUE(back.ok()) << back.error().message;
        EXPECT_EQ(back->text, text);
        EXPECT_TRUE(back->single_frame);
      }
    }
  }
}

TEST_P(CodecTest, SlicesBecomeOneFrame) {
  std::vector<std::string> parts;
  std::string whole;
  for (unsigned i = 0; i < 800; ++i) whole += parts.emplace_back(random_text(i, 256));
  const std::vector<std::string_view> slices(parts.begin(), parts.end());
  const ByteBlock packed = codec_.encode(slices, codec_.level_default).value();
  const Result<DecodedText> back = decoded(codec_, packed.view());
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_TRUE(back->single_frame);
  EXPECT_EQ(back->text, whole);
}

TEST_P(CodecTest, BodiesMayComeInAnyPieces) {
  const std::string text = random_text(70'000, 7);
  const std::string packed = encoded(codec_, text);
  const std::unique_ptr<Decoder> decoder = codec_.make_decoder();
  for (std::size_t piece : {1u, 2u, 3u, 7u, 100u, 10'007u}) {
    std::vector<std::string_view> slices = {""};
    for (std::size_t at = 0; at < packed.size(); at += piece) {
      slices.push_back(std::string_view(packed).substr(at, piece));
      if (at % 3 == 0) slices.push_back("");
    }
    const Result<DecodedText> back = decoded(*decoder, slices, DecodeBuffer(1u << 20));
    ASSERT_TRUE(back.ok()) << piece << back.error().message;
    EXPECT_EQ(back->text, text);
    EXPECT_TRUE(back->single_frame);
  }
}

TEST_P(CodecTest, TheLimitIsExact) {
  for (const std::size_t size : {1u, 300u, 100'000u}) {
    const std::string text = random_text(size, 3);
    const std::string packed = encoded(codec_, text);
    EXPECT_TRUE(decoded(codec_, packed, text.size()).ok()) << size;
    const Result<DecodedText> over = decoded(codec_, packed, text.size() - 1);
    ASSERT_FALSE(over.ok());
    EXPECT_EQ(over.error().code, ErrorCode::kResourceExhausted) << over.error().message;
  }
}

TEST_P(CodecTest, MemoryIsAskedForBeforeItIsTaken) {
  const std::string text = random_text(50'000, 5);
  const std::string packed = encoded(codec_, text);
  const std::string_view slice = packed;
  for (const std::size_t there_is : {text.size(), text.size() - 1, std::size_t{1000}, std::size_t{0}}) {
    std::size_t most = 0;
    DecodeBuffer out(1u << 20, [&](std::size_t wanted) {
      most = std::max(most, std::min(wanted, there_is));
      return there_is;
    });
    const Result<Decoded> result = codec_.make_decoder()->decode({&slice, 1}, out);
    EXPECT_EQ(result.ok(), there_is == text.size()) << there_is << " is enough if it is what comes out";
    if (!result) {
      EXPECT_EQ(result.error().code, ErrorCode::kUnavailable) << result.error().message;
    }
    EXPECT_LE(out.take().capacity(), most);
  }
}

TEST_P(CodecTest, ABombIsDefusedAtTheLimit) {
  const std::string bomb = encoded(codec_, std::string(20'000'000, '\0'), codec_.level_max);
  std::size_t most = 0;
  DecodeBuffer out(1'000'000, [&](std::size_t wanted) { return most = std::max(most, wanted); });
  const std::string_view slice = bomb;
  const Result<Decoded> result = codec_.make_decoder()->decode({&slice, 1}, out);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kResourceExhausted);
  EXPECT_LE(most, 1'000'000u);
}

TEST_P(CodecTest, EveryTruncationIsMalformed) {
  const std::string packed = encoded(codec_, random_text(3000, 50));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const bool is_whole_stream = codec_.coding == Coding::kSnappyFramed && size == 10;  // an identifier alone is one
    const Result<DecodedText> result = decoded(codec_, std::string_view(packed).substr(0, size));
    ASSERT_EQ(result.ok(), is_whole_stream) << size;
    if (!result) {
      EXPECT_EQ(result.error().code, ErrorCode::kMalformed) << size << result.error().message;
    }
  }
}

TEST_P(CodecTest, FlippedBitsNeverCrash) {
  const std::string packed = encoded(codec_, random_text(2000, 20));
  const std::unique_ptr<Decoder> decoder = codec_.make_decoder();
  for (std::size_t bit = 0; bit < packed.size() * 8; ++bit) {
    std::string broken = packed;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    const std::string_view slice = broken;
    const Result<DecodedText> result = decoded(*decoder, {&slice, 1}, DecodeBuffer(10'000));
    if (!result) {
      EXPECT_NE(result.error().code, ErrorCode::kUnavailable) << result.error().message;
    }
  }
  const std::string_view slice = packed;
  EXPECT_TRUE(decoded(*decoder, {&slice, 1}, DecodeBuffer(10'000)).ok()) << "a decoder goes on after any failure";
}

TEST_P(CodecTest, WhatFollowsIsNeverIgnored) {
  const std::string one = encoded(codec_, "one "), two = encoded(codec_, "two");
  const Result<DecodedText> joined = decoded(codec_, one + encoded(codec_, "") + two);
  if (codec_.coding == Coding::kSnappyBlock || codec_.coding == Coding::kDeflate) {
    ASSERT_FALSE(joined.ok());
    EXPECT_EQ(joined.error().code, ErrorCode::kMalformed);
  } else {
    ASSERT_TRUE(joined.ok()) << joined.error().message;
    EXPECT_EQ(joined->text, "one two");
    EXPECT_FALSE(joined->single_frame) << "not to be forwarded verbatim (DESIGN, decision 13)";
  }
  for (const std::string& rest : {std::string("x"), std::string(8, '\0'), two.substr(0, two.size() - 1)}) {
    const Result<DecodedText> result = decoded(codec_, one + rest);
    EXPECT_FALSE(result.ok()) << rest;
  }
}

TEST_P(CodecTest, NothingAndGarbageAreMalformed) {
  for (const std::string_view body : {"", "\x1f", "not compressed at all", "\xff\xff\xff\xff\xff\xff"}) {
    const Result<DecodedText> result = decoded(codec_, body);
    ASSERT_FALSE(result.ok()) << body;
    EXPECT_EQ(result.error().code, ErrorCode::kMalformed) << result.error().message;
  }
}

INSTANTIATE_TEST_SUITE_P(All, CodecTest, ::testing::ValuesIn(all_codecs()),
                         [](const auto& tested) { return std::string(tested.param.label); });

TEST(DecodeBuffer, GrowsByDoublingUntilItsLimit) {
  DecodeBuffer out(1000);
  ASSERT_TRUE(out.append(std::string(300, 'a')).ok());
  ASSERT_TRUE(out.append(std::string(300, 'b')).ok());
  EXPECT_EQ(out.room().size(), 0u);
  ASSERT_TRUE(out.append("c").ok());
  EXPECT_EQ(out.room().size(), 1000u - 601);
  EXPECT_EQ(out.append(std::string(400, 'd')).error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(out.take().view(), std::string(300, 'a') + std::string(300, 'b') + "c");
}

}  // namespace
}  // namespace nanospan::net

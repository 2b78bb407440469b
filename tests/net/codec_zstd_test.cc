// zstd beside what holds for every codec (codec_test.cc): frames of the reference library in all their forms.
#ifdef NANOSPAN_HAS_ZSTD
#include "net/codec_zstd.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "tests/net/codec_cases.h"

namespace nanospan::net {
namespace {

std::string reference(std::string_view text, bool with_size, int window_log, bool checksum) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, with_size);
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum);
  std::string out(ZSTD_compressBound(text.size()) + 100, '\0');
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  ZSTD_inBuffer first{text.data(), text.size() / 2, 0}, rest{text.data(), text.size(), text.size() / 2};
  if (with_size) ZSTD_CCtx_setPledgedSrcSize(context, text.size());
  ZSTD_compressStream2(context, &to, &first, ZSTD_e_flush);
  EXPECT_EQ(ZSTD_compressStream2(context, &to, &rest, ZSTD_e_end), 0u);
  ZSTD_freeCCtx(context);
  out.resize(to.pos);
  return out;
}

TEST(Zstd, ReadsTheReferenceInAllForms) {
  const std::string text = random_text(300'000, 40);
  for (const bool with_size : {false, true}) {
    for (const bool checksum : {false, true}) {
      const std::string packed = reference(text, with_size, 18, checksum);
      ASSERT_TRUE(decoded(kZstdCodec, packed).ok()) << decoded(kZstdCodec, packed).error().message;
      EXPECT_EQ(decoded(kZstdCodec, packed)->text, text);
      EXPECT_TRUE(decoded(kZstdCodec, packed)->single_frame);
    }
  }
}

TEST(Zstd, OursSaysWhatItBecomesAndTheReferenceReadsIt) {
  const std::string text = random_text(100'000, 40), packed = encoded(kZstdCodec, text);
  EXPECT_EQ(ZSTD_getFrameContentSize(packed.data(), packed.size()), text.size());
  std::string back(text.size(), '\0');
  EXPECT_EQ(ZSTD_decompress(back.data(), back.size(), packed.data(), packed.size()), text.size());
  EXPECT_EQ(back, text);
}

// RFC 9659: HTTP allows windows to 8 MiB; a larger one would be memory that no limit counts.
TEST(Zstd, ALargerWindowThanHttpAllowsIsRefused) {
  const std::string text = random_text(1000, 40);
  EXPECT_TRUE(decoded(kZstdCodec, reference(text, false, 23, false)).ok());
  const auto result = decoded(kZstdCodec, reference(text, false, 27, false));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kMalformed);
  EXPECT_NE(result.error().message.find("too much memory"), std::string::npos) << result.error().message;
}

TEST(Zstd, SkippableFramesAreSkippedAndNotForwarded) {
  const std::string skippable(
      "\x50\x2A\x4D\x18\x03\x00\x00\x00"
      "abc",
      11);
  const std::string packed = encoded(kZstdCodec, "hello");
  for (const std::string& body : {skippable + packed, packed + skippable}) {
    const auto result = decoded(kZstdCodec, body);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(result->text, "hello");
    EXPECT_FALSE(result->single_frame);
  }
}

// A size of exabytes in the header is neither believed nor allocated.
TEST(Zstd, AFrameThatClaimsExabytesCostsNothing) {
  // Magic | descriptor: 8-byte size, single segment | the size | an empty last block
  const std::string lie("\x28\xB5\x2F\xFD\xE0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x0F\x01\x00\x00", 16);
  std::size_t most = 0;
  DecodeBuffer out(std::size_t{1} << 40, [&](std::size_t wanted) { return most = std::max(most, wanted); });
  const std::string_view slice = lie;
  EXPECT_FALSE(kZstdCodec.make_decoder()->decode({&slice, 1}, out).ok());
  EXPECT_LE(most, 256u);
}

}  // namespace
}  // namespace nanospan::net
#endif

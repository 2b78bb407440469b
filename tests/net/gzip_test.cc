// gzip and deflate on zlib: the two formats are told apart. What holds for every codec:
// codec_test.cc.
#include "net/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/net/codec_cases.h"

namespace nanospan::net {
namespace {

TEST(Gzip, ALevelOutOfRangeIsRefused) {
  for (const int level : {-1, 10}) EXPECT_EQ(gzip_compress({}, level).error().code, ErrorCode::kInvalidArgument);
}

TEST(Gzip, DeflateIsTheZlibFormat) {
  Bytef packed[64];
  uLongf size = sizeof packed;
  ASSERT_EQ(::compress(packed, &size, reinterpret_cast<const Bytef*>("hello"), 5), Z_OK);
  const std::string_view body(reinterpret_cast<char*>(packed), size);
  EXPECT_EQ(decoded(kDeflateCodec, body)->text, "hello");
  EXPECT_FALSE(decoded(kGzipCodec, body).ok());
  EXPECT_FALSE(decoded(kDeflateCodec, encoded(kGzipCodec, "hello")).ok());
}

TEST(Gzip, ErrorsNameTheByte) {
  const std::string packed = encoded(kGzipCodec, random_text(1000, 9));
  EXPECT_EQ(decoded(kGzipCodec, packed.substr(0, 100)).error().message, "ends before its end mark, at byte 100");
  EXPECT_EQ(decoded(kGzipCodec, packed + "zz").error().message,
            "is broken after byte " + std::to_string(packed.size()) + ": incorrect header check");
}

TEST(Gzip, TheSizeHintIsTheTrailersAndZeroWithoutOne) {
  const std::string packed = encoded(kGzipCodec, std::string(70'000, 'a'));
  std::vector<std::string_view> slices = {packed};
  EXPECT_EQ(gzip_size_hint(slices), 70'000u);
  slices.push_back("abc");
  EXPECT_EQ(gzip_size_hint(slices), 0u);
  EXPECT_EQ(gzip_size_hint({}), 0u);
}

// A trailer that lies about the size is found, and costs no memory.
TEST(Gzip, ALyingTrailerIsMalformed) {
  std::string packed = encoded(kGzipCodec, random_text(5000, 30));
  packed.back() = '\x7f';
  for (const CodecCase& test_case : all_codecs()) {
    if (test_case.codec->coding != Coding::kGzip) continue;
    std::size_t most = 0;
    DecodeBuffer out(std::size_t{1} << 40, [&](std::size_t wanted) { return most = std::max(most, wanted); });
    const std::string_view slice = packed;
    EXPECT_EQ(test_case.codec->make_decoder()->decode({&slice, 1}, out).error().code, ErrorCode::kMalformed)
        << test_case;
    EXPECT_LE(most, packed.size() * 16);
  }
}

}  // namespace
}  // namespace nanospan::net

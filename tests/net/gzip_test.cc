#include "net/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>
#include <vector>

namespace nanospan::net {
namespace {

std::string compressed(std::string_view text, int level = 1) {
  const std::string_view slices[] = {text};
  return std::string(std::move(gzip_compress(slices, level)).value().view());
}

Result<Gunzipped> decompressed(std::string_view bytes, std::size_t limit = 1u << 20) {
  const std::string_view slices[] = {bytes};
  return gzip_decompress(slices, limit);
}

std::string random_text(std::size_t size, unsigned alphabet) {
  std::mt19937 random(5);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random() % alphabet);
  return text;
}

TEST(Gzip, RoundTripsAtEveryLevelAndEntropy) {
  for (int level = 0; level <= 9; ++level) {
    for (const unsigned alphabet : {1u, 4u, 256u}) {
      for (const std::size_t size : {0u, 1u, 1000u, 300'000u}) {
        const std::string text = random_text(size, alphabet);
        const Result<Gunzipped> back = decompressed(compressed(text, level));
        ASSERT_TRUE(back.ok()) << back.error().message;
        EXPECT_EQ(back->bytes.view(), text);
        EXPECT_TRUE(back->single_member);
      }
    }
  }
}

TEST(Gzip, SlicesBecomeOneMember) {
  std::vector<std::string> parts;
  std::string whole;
  for (unsigned i = 0; i < 500; ++i) whole += parts.emplace_back(random_text(i, 256));
  const std::vector<std::string_view> slices(parts.begin(), parts.end());
  const ByteBlock packed = std::move(gzip_compress(slices)).value();
  const Result<Gunzipped> back = decompressed(packed.view());
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(back->single_member);
  EXPECT_EQ(back->bytes.view(), whole);
}

TEST(Gzip, ALevelOutOfRangeIsRefused) {
  for (const int level : {-1, 10}) EXPECT_EQ(gzip_compress({}, level).error().code, ErrorCode::kInvalidArgument);
}

TEST(Gzip, InputMayComeInAnyPieces) {
  const std::string text = random_text(5000, 7);
  const std::string packed = compressed(text);
  for (std::size_t cut = 1; cut < packed.size(); cut += 13) {
    const std::string_view slices[] = {std::string_view(packed).substr(0, cut), "",
                                       std::string_view(packed).substr(cut)};
    const Result<Gunzipped> back = gzip_decompress(slices, 1u << 20);
    ASSERT_TRUE(back.ok()) << cut << back.error().message;
    EXPECT_EQ(back->bytes.view(), text);
  }
  GzipInflater inflater(text.size());
  std::string out;
  std::string_view input = packed;
  while (!inflater.complete()) {  // one byte in, one byte out
    char byte = 0;
    const auto step = inflater.inflate(input.substr(0, 1), {&byte, 1});
    ASSERT_TRUE(step.ok());
    input.remove_prefix(step->consumed);
    if (step->produced != 0) out += byte;
  }
  EXPECT_EQ(out, text);
  EXPECT_TRUE(inflater.complete_single_member());
}

TEST(Gzip, TheOutputLimitIsExact) {
  const std::string text = random_text(100'000, 3);
  const std::string packed = compressed(text);
  EXPECT_TRUE(decompressed(packed, text.size()).ok());
  const Result<Gunzipped> over = decompressed(packed, text.size() - 1);
  ASSERT_FALSE(over.ok());
  EXPECT_EQ(over.error().code, ErrorCode::kResourceExhausted);
}

TEST(Gzip, ABombIsDefusedAtTheLimit) {
  const std::string bomb = compressed(std::string(200'000'000, '\0'), 9);
  ASSERT_LT(bomb.size(), 300'000u);
  const Result<Gunzipped> result = decompressed(bomb, 1'000'000);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kResourceExhausted);
  EXPECT_NE(result.error().message.find("1000000"), std::string::npos);
}

TEST(Gzip, SeveralMembersAreJoinedAndToldApart) {
  const Result<Gunzipped> joined = decompressed(compressed("one ") + compressed("") + compressed("two"));
  ASSERT_TRUE(joined.ok()) << joined.error().message;
  EXPECT_EQ(joined->bytes.view(), "one two");
  EXPECT_FALSE(joined->single_member) << "not to be forwarded verbatim (DESIGN, decision 13)";
}

TEST(Gzip, BrokenInputIsMalformed) {
  const std::string good = compressed(random_text(3000, 50));
  std::vector<std::string> broken = {"",
                                     "\x1f",
                                     "not gzip at all",
                                     good + "x",
                                     good + std::string(8, '\0'),
                                     good + good.substr(0, 5),
                                     compressed("a").substr(1)};
  for (std::size_t size = 1; size < good.size(); size += 101) broken.push_back(good.substr(0, size));
  for (const std::size_t back : {1u, 5u}) {  // length and checksum of the trailer
    broken.push_back(good);
    broken.back()[good.size() - back] ^= 1;
  }
  for (const std::string& bytes : broken) {
    const Result<Gunzipped> result = decompressed(bytes);
    ASSERT_FALSE(result.ok()) << bytes.size();
    EXPECT_EQ(result.error().code, ErrorCode::kMalformed) << result.error().message;
  }
}

TEST(Gzip, ZlibFormatIsNotGzip) {
  Bytef packed[64];
  uLongf size = sizeof packed;
  ASSERT_EQ(::compress(packed, &size, reinterpret_cast<const Bytef*>("hello"), 5), Z_OK);
  EXPECT_FALSE(decompressed({reinterpret_cast<char*>(packed), size}).ok());
}

}  // namespace
}  // namespace nanospan::net

// zlib and isa-l read each other. What holds for every codec: codec_test.cc.
#ifdef NANOSPAN_HAS_ISAL
#include "net/codec_isal.h"

#include <gtest/gtest.h>

#include "net/gzip.h"
#include "tests/net/codec_cases.h"

namespace nanospan::net {
namespace {

TEST(Isal, ReadsAndIsReadByZlibAtEveryLevel) {
  const std::pair<const Codec*, const Codec*> pairs[] = {{&kGzipCodec, &kIsalGzipCodec},
                                                         {&kDeflateCodec, &kIsalDeflateCodec}};
  for (const auto& [zlib, isal] : pairs) {
    for (int level = 1; level <= 9; ++level) {
      for (const unsigned alphabet : {1u, 3u, 60u, 256u}) {
        const std::string text = random_text(200'000, alphabet);
        EXPECT_EQ(decoded(*zlib, encoded(*isal, text, level))->text, text) << level;
        EXPECT_EQ(decoded(*isal, encoded(*zlib, text, level))->text, text) << level;
      }
    }
  }
}

TEST(Isal, HeadersWithNameCommentAndExtraAreRead) {
  // RFC 1952, 2.3: flags FEXTRA | FNAME | FCOMMENT, then those, before the compressed blocks.
  std::string packed = encoded(kGzipCodec, "hello");
  packed[3] = 0x04 | 0x08 | 0x10;
  packed.insert(10, std::string("\x03\x00"
                                "abc"
                                "name\0"
                                "comment\0",
                                18));
  for (const Codec* codec : {&kGzipCodec, &kIsalGzipCodec}) {
    ASSERT_TRUE(decoded(*codec, packed).ok()) << decoded(*codec, packed).error().message;
    EXPECT_EQ(decoded(*codec, packed)->text, "hello");
  }
}

}  // namespace
}  // namespace nanospan::net
#endif

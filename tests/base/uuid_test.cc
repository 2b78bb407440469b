// RFC 9562 5.4: version 4, 122 random bits.
#include "base/uuid.h"

#include <gtest/gtest.h>

#include <set>

namespace nanospan::base {
namespace {

TEST(Uuid, IsRandomButForVersionAndVariant) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string bytes = random_uuid();
    ASSERT_EQ(bytes.size(), 16U);
    EXPECT_EQ(bytes[6] & 0xF0, 0x40) << "version";
    EXPECT_EQ(bytes[8] & 0xC0, 0x80) << "variant";
    seen.insert(bytes);
  }
  EXPECT_EQ(seen.size(), 100U);
}

TEST(Uuid, IsWrittenInFiveGroups) {
  EXPECT_EQ(uuid_text("\x91\x91\x08\xf7\x52\xd1\x43\x20\x9b\xac\xf8\x47\xdb\x41\x48\xa8"),
            "919108f7-52d1-4320-9bac-f847db4148a8")
      << "the example of RFC 9562 A.3";
  EXPECT_EQ(uuid_text(""), "");
}

}  // namespace
}  // namespace nanospan::base

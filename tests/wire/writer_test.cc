#include "wire/writer.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace nanospan::wire {
namespace {

using namespace std::string_literals;

TEST(Writer, SizesAreExact) {
  std::array<std::uint8_t, 512> memory;
  const auto written = [&](const std::uint8_t* end) { return static_cast<std::size_t>(end - memory.data()); };
  for (const std::uint32_t field : {1U, 15U, 16U, 2047U, 2048U, (1U << 29) - 1}) {
    for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{300}, UINT64_MAX}) {
      EXPECT_EQ(written(put_varint_field(memory.data(), field, value)), varint_field_size(field, value));
    }
    EXPECT_EQ(written(put_fixed32_field(memory.data(), field, 7)), fixed32_field_size(field));
    EXPECT_EQ(written(put_fixed64_field(memory.data(), field, 7)), fixed64_field_size(field));
    EXPECT_EQ(written(put_double_field(memory.data(), field, 7)), fixed64_field_size(field));
    for (const std::size_t size : {0U, 1U, 127U, 128U, 400U}) {
      EXPECT_EQ(written(put_bytes_field(memory.data(), field, std::string(size, 'x'))), bytes_field_size(field, size));
    }
  }
}

TEST(Writer, AppenderKeepsWhatIsThere) {
  std::string out = "before";
  Appender fields(out);
  fields.bytes_field(1, "ab");
  fields.varint_field(2, 300);
  fields.fixed32_field(3, 1);
  fields.fixed64_field(4, 2);
  fields.message_header(5, 3);
  fields.raw("xyz");
  EXPECT_EQ(out,
            "before\x0A\x02"s
            "ab\x10\xAC\x02\x1D\x01\x00\x00\x00\x21\x02\x00\x00\x00\x00\x00\x00\x00\x2A\x03xyz"s);
}

TEST(Writer, AppenderOverAVectorWritesTheSameBytes) {
  std::vector<std::uint8_t> out;
  Appender(out).bytes_field(1, "ab");
  EXPECT_EQ(out, (std::vector<std::uint8_t>{0x0A, 0x02, 'a', 'b'}));
}

TEST(Writer, EmptyBytesHaveNoPointerToRead) {
  std::string out;
  Appender(out).bytes_field(1, std::string_view());
  EXPECT_EQ(out, "\x0A\x00"s);
}

TEST(Writer, EncodesLiteralKeysAtCompileTime) {
  constexpr auto kKey = [] {
    std::array<std::uint8_t, bytes_field_size(1, 3)> bytes{};
    put_bytes_field(bytes.data(), 1, "key");
    return bytes;
  }();
  static_assert(kKey == std::array<std::uint8_t, 5>{0x0A, 3, 'k', 'e', 'y'});
}

}  // namespace
}  // namespace nanospan::wire

#include "wire/varint.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <vector>

namespace nanospan::wire {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes encoded(std::uint64_t value) {
  Bytes bytes(kVarintBytesMax);
  const std::uint8_t* const end = put_varint(bytes.data(), value);
  bytes.resize(static_cast<std::size_t>(end - bytes.data()));
  return bytes;
}

// The value, if all of `bytes` is one varint.
std::optional<std::uint64_t> decoded(const Bytes& bytes, std::size_t bytes_max = kVarintBytesMax) {
  std::uint64_t value = 0;
  const std::uint8_t* const end = bytes.data() + bytes.size();
  const std::uint8_t* const stop = get_varint(bytes.data(), end, bytes_max, value);
  if (stop == nullptr || stop != end) return std::nullopt;
  return value;
}

TEST(Varint, KnownBytes) {
  EXPECT_EQ(encoded(0), Bytes({0x00}));
  EXPECT_EQ(encoded(127), Bytes({0x7F}));
  EXPECT_EQ(encoded(128), Bytes({0x80, 0x01}));
  EXPECT_EQ(encoded(300), Bytes({0xAC, 0x02}));
  EXPECT_EQ(encoded(UINT64_MAX), Bytes({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}));
}

TEST(Varint, SizeAndRoundTripAroundEveryPowerOfTwo) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    for (const std::uint64_t value : {power - 1, power, power + 1}) {
      const Bytes bytes = encoded(value);
      EXPECT_EQ(bytes.size(), varint_size(value)) << value;
      EXPECT_EQ(decoded(bytes), value);
    }
  }
}

TEST(Varint, CutOffAtAnyByteIsRefused) {
  const Bytes whole = encoded(UINT64_MAX);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(decoded(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))), std::nullopt) << size;
  }
}

TEST(Varint, MoreThan64BitsIsRefused) {
  Bytes bytes = encoded(UINT64_MAX);
  bytes.back() = 0x02;
  EXPECT_EQ(decoded(bytes), std::nullopt);
  bytes.back() = 0x81;
  bytes.push_back(0x00);
  EXPECT_EQ(decoded(bytes), std::nullopt);
}

TEST(Varint, LongFormOfASmallNumberIsReadUpToTheLimit) {
  EXPECT_EQ(decoded({0x81, 0x80, 0x80, 0x80, 0x00}, kTagBytesMax), 1U);
  EXPECT_EQ(decoded({0x81, 0x80, 0x80, 0x80, 0x80, 0x00}, kTagBytesMax), std::nullopt);
  EXPECT_EQ(decoded({0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), 1U);
}

TEST(Varint, EncodesAtCompileTime) {
  constexpr std::array<std::uint8_t, 2> kBytes = [] {
    std::array<std::uint8_t, 2> bytes{};
    put_varint(bytes.data(), 300);
    return bytes;
  }();
  static_assert(kBytes[0] == 0xAC && kBytes[1] == 0x02);
  static_assert(varint_size(1 << 14) == 3);
}

TEST(Fixed, LowestByteFirst) {
  std::array<std::uint8_t, 8> bytes{};
  EXPECT_EQ(put_fixed(bytes.data(), std::uint32_t{0x01020304}), bytes.data() + 4);
  EXPECT_EQ(bytes[0], 0x04);
  EXPECT_EQ(get_fixed<std::uint32_t>(bytes.data()), 0x01020304U);
  put_fixed(bytes.data(), -2.5);
  EXPECT_EQ(get_fixed<double>(bytes.data()), -2.5);
}

TEST(Zigzag, SmallNumbersOfEitherSignAreSmall) {
  EXPECT_EQ(zigzag(0), 0U);
  EXPECT_EQ(zigzag(-1), 1U);
  EXPECT_EQ(zigzag(1), 2U);
  EXPECT_EQ(zigzag(INT32_MAX), UINT32_MAX - 1);
  EXPECT_EQ(zigzag(INT32_MIN), UINT32_MAX);
  for (const std::int32_t value : {0, 1, -1, 300, -300, INT32_MAX, INT32_MIN})
    EXPECT_EQ(unzigzag(zigzag(value)), value);
}

TEST(Tag, FieldAndType) {
  static_assert(tag(1, WireType::kBytes) == 0x0A);
  static_assert(tag(16, WireType::kFixed32) == 133);
}

}  // namespace
}  // namespace nanospan::wire

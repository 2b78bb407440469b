#include "wire/reader.h"

#include <gtest/gtest.h>

#include <string>

#include "wire/writer.h"

namespace nanospan::wire {
namespace {

using namespace std::string_literals;

// The fault that reading all of `bytes` ends with.
Fault read_all(std::string_view bytes) {
  Reader reader(bytes);
  while (reader.next()) {
  }
  EXPECT_FALSE(reader.next()) << "a reader that stopped stays stopped";
  return reader.fault();
}

void expect_fault(std::string_view bytes, std::size_t offset, std::string_view text) {
  const Fault fault = read_all(bytes);
  ASSERT_NE(fault.text, nullptr);
  EXPECT_EQ(fault.text, text);
  EXPECT_EQ(fault.offset, offset);
}

TEST(Reader, EmptyIsAMessageWithoutFields) {
  Reader reader(std::string_view{});
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.ok());
}

TEST(Reader, ReadsEveryType) {
  std::string bytes;
  Appender fields(bytes);
  fields.varint_field(1, 300);
  fields.fixed32_field(2, 7);
  fields.double_field(3, 0.5);
  fields.bytes_field(4, "text");
  Reader reader(bytes);
  ASSERT_TRUE(reader.next());
  EXPECT_TRUE(reader.is(1, WireType::kVarint));
  EXPECT_EQ(reader.varint(), 300U);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.fixed32(), 7U);
  EXPECT_EQ(reader.raw_field(), "\x15\x07\x00\x00\x00"s);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.fixed_double(), 0.5);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.field(), 4U);
  EXPECT_EQ(reader.bytes(), "text");
  EXPECT_EQ(reader.offset(), bytes.size() - 4);
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.ok());
}

TEST(Reader, NamesTheFirstFaultAndItsByte) {
  expect_fault("\x08\x01\x80"s, 2, "field tag is cut off or too long");
  expect_fault("\xFF\xFF\xFF\xFF\x7F"s, 0, "field tag is above 32 bits");
  expect_fault("\x02"s, 0, "field number is 0");
  expect_fault("\x08\xFF"s, 1, "varint is cut off or longer than 64 bits");
  expect_fault(
      "\x0A\x05"s
      "abc"s,
      1, "length runs past the end");
  expect_fault("\x0A\x80\x80\x80\x80\x80\x00"s, 1, "length is cut off or too long");
  expect_fault("\x09\x01\x02\x03"s, 1, "fixed64 is cut off");
  expect_fault("\x0D\x01"s, 1, "fixed32 is cut off");
  expect_fault("\x0B\x0C"s, 0, "wire type is a group or unknown");
  expect_fault("\x0F"s, 0, "wire type is a group or unknown");
}

TEST(Reader, LengthNearTheTopOfTheRangeDoesNotWrap) {
  expect_fault("\x0A\xFF\xFF\xFF\xFF\x7F"s, 1, "length runs past the end");
}

TEST(Reader, AChildCountsFromTheOutermostByte) {
  const std::string bytes = "\x0A\x04\x12\x02\x08\x80"s;  // 1 { 2 { 1: cut off } }
  Reader outer(bytes);
  ASSERT_TRUE(outer.next());
  Reader middle = outer.message();
  ASSERT_TRUE(middle.next());
  Reader inner = middle.message();
  EXPECT_FALSE(inner.next());
  EXPECT_EQ(inner.fault().offset, 5U);
  EXPECT_TRUE(middle.ok());
}

TEST(Reader, TooDeepIsAFaultOfTheChild) {
  std::string nested;
  for (unsigned depth = 0; depth <= kDepthMax; ++depth) {
    std::string outer;
    Appender(outer).bytes_field(1, nested);
    nested = outer;
  }
  Reader at(nested);
  for (unsigned depth = 0; depth < kDepthMax; ++depth) {
    ASSERT_TRUE(at.next());
    at = at.message();
    ASSERT_TRUE(at.ok()) << depth;
  }
  ASSERT_TRUE(at.next());
  const Reader too_deep = at.message();
  EXPECT_FALSE(too_deep.ok());
}

TEST(Fault, BecomesAnErrorThatNamesTheByte) {
  const Error error = malformed({17, "length runs past the end"});
  EXPECT_EQ(error.code, ErrorCode::kMalformed);
  EXPECT_EQ(error.message, "byte 17: length runs past the end");
}

}  // namespace
}  // namespace nanospan::wire

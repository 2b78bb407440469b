// Where the cursor stands after a value, by the quick way and by the other; what values mean: otlp_json_in_test.cc.
#include "wire/json_reader/value_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace nanospan::wire {
namespace {

// The bytes of one integer of this kind and what of the text was left; "no" if it was refused.
std::string read_integer(FieldKind kind, std::string_view text, std::string_view behind) {
  FieldSchema field;
  field.number = 1;
  field.kind = kind;
  const std::string document = std::string(text) + std::string(behind);
  RawOutput out;
  JsonCursor cursor(document);
  MessageWriter writer(
      out, [](std::string_view json) { return json.size(); }, document);
  if (!ValueReader(cursor, writer).read_integer(field, cursor.peek())) return "no";
  return std::string(out.view()) + " " + std::string(cursor.at(), cursor.left() - behind.size());
}

TEST(ValueReader, IntegersAreTheSameWhateverFollows) {
  const std::string much = "," + std::string(50, ' ');
  for (const std::string_view behind : {std::string_view(","), std::string_view(much)}) {
    EXPECT_EQ(read_integer(FieldKind::kUint32, "7", behind), "\x08\x07 ");
    EXPECT_EQ(read_integer(FieldKind::kUint32, "\"7\"", behind), "\x08\x07 ");
    EXPECT_EQ(read_integer(FieldKind::kUint32, "7e1", behind), "\x08\x46 ");
    EXPECT_EQ(read_integer(FieldKind::kUint32, "7.0", behind), "\x08\x07 ");
    EXPECT_EQ(read_integer(FieldKind::kUint32, "4294967295", behind), "\x08\xFF\xFF\xFF\xFF\x0F ");
    EXPECT_EQ(read_integer(FieldKind::kUint32, "4294967296", behind), "no");
    EXPECT_EQ(read_integer(FieldKind::kInt32, "2147483648", behind), "no");
    EXPECT_EQ(read_integer(FieldKind::kInt64, "9223372036854775808", behind), "no");
    EXPECT_EQ(read_integer(FieldKind::kFixed64, "\"18446744073709551615\"", behind),
              "\x09\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF ");
    EXPECT_EQ(read_integer(FieldKind::kSint32, "3", behind), "\x08\x06 ");
    EXPECT_EQ(read_integer(FieldKind::kSint32, "-3", behind), "\x08\x05 ");
    EXPECT_EQ(read_integer(FieldKind::kInt64, "07", behind), "no");
    EXPECT_EQ(read_integer(FieldKind::kInt64, "\"7 \"", behind), "no");
  }
}

TEST(ValueReader, WhatIsNoEndOfANumberIsNotTaken) {
  EXPECT_EQ(read_integer(FieldKind::kInt64, "7", "x" + std::string(50, ' ')), "\x08\x07 ")
      << "that 'x' follows is for whoever reads on";
  EXPECT_EQ(read_integer(FieldKind::kInt64, "7-", std::string(50, ' ')), "no");
}

}  // namespace
}  // namespace nanospan::wire

#include "sdk/context/trace_state.h"

#include <gtest/gtest.h>
#include <nanospan/trace_state.h>

#include <string>

namespace nanospan {
namespace {

std::string members(int count) {
  std::string header;
  for (int i = 1; i <= count; ++i) header += (i > 1 ? ",k" : "k") + std::to_string(i) + "=" + std::to_string(i);
  return header;
}

std::string parsed(std::string_view header) { return std::string(TraceState::parse(header).header()); }

TEST(TraceStateLevel2, KeyGrammar_AtSignIsAnOrdinaryCharacterButNotTheFirst) {
  for (const std::string key : {"foo@", "foo@@bar", "foo@bar@baz", "t@vvvvvvvvvvvvvvv", "0", "a_-*/", "1a"}) {
    EXPECT_EQ(parsed(key + "=1"), key + "=1");
  }
  for (const std::string key : {"@foo", "_foo", "FOO", "foo.bar", "foo bar", "foo ", "", "f\xC3\xB6"}) {
    EXPECT_EQ(parsed(key + "=1"), "") << key;
  }
}

TEST(TraceStateLevel2, KeyGrammar_256CharactersAtMost) {
  EXPECT_EQ(TraceState::parse(std::string(256, 'z') + "=1").get(std::string(256, 'z')), "1");
  EXPECT_TRUE(TraceState::parse(std::string(257, 'z') + "=1").empty());
}

TEST(TraceStateLevel2, ValueGrammar_PrintableAsciiWithoutCommaAndEquals) {
  std::string all;
  for (char c = 0x20; c <= 0x7E; ++c) {
    if (c != ',' && c != '=') all += c;
  }
  EXPECT_EQ(TraceState::parse("foo=" + all).get("foo"), all);
  for (const std::string value : {"", "a=b", "a\tb", "a\x7F", "a\x01z", "\xC3\xA9"}) {
    EXPECT_TRUE(TraceState::parse("foo=" + value).empty()) << value;
  }
}

TEST(TraceStateLevel2, ValueGrammar_LeadingSpacesBelongToItTrailingDoNot) {
  EXPECT_EQ(parsed("foo=  1 \t , bar=2 "), "foo=  1,bar=2");
  EXPECT_TRUE(TraceState::parse("foo=   ").empty());
}

TEST(TraceStateLevel2, ValueGrammar_256CharactersAtMost) {
  EXPECT_FALSE(TraceState::parse("foo=" + std::string(256, 'v')).empty());
  EXPECT_TRUE(TraceState::parse("foo=" + std::string(257, 'v')).empty());
}

TEST(TraceStateLevel2, List_EmptyMembersAndWhiteSpaceAreAllowed) {
  EXPECT_EQ(parsed(""), "");
  EXPECT_EQ(parsed(" \t ,, ,"), "");
  EXPECT_EQ(parsed(",foo=1 , ,\tbar=2,"), "foo=1,bar=2");
}

TEST(TraceStateLevel2, List_33MembersMakeTheHeaderInvalid) {
  EXPECT_EQ(parsed(members(32)), members(32));
  EXPECT_EQ(parsed(members(33)), "");
  EXPECT_EQ(parsed(members(32) + ", ,"), members(32));
}

TEST(TraceStateLevel2, List_OneMalformedMemberMakesTheHeaderInvalid) {
  EXPECT_EQ(parsed("foo=1,bar"), "");
  EXPECT_EQ(parsed("foo=1,=2"), "");
  EXPECT_EQ(parsed("foo=1,FOO=2,bar=3"), "");
}

TEST(TraceStateLevel2, List_OfDuplicateKeysTheFirstStays) { EXPECT_EQ(parsed("foo=1,bar=2,foo=3"), "foo=1,bar=2"); }

TEST(TraceStateLevel2, Limits_AtLeast512CharactersArePropagated) {
  const std::string header = "a=" + std::string(254, 'x') + ",b=" + std::string(253, 'y');
  ASSERT_EQ(header.size(), 512U);
  EXPECT_EQ(parsed(header), header);
}

TEST(TraceStateLevel2, Mutating_AddPutsTheMemberInFront) {
  EXPECT_EQ(TraceState().set("a", "1").header(), "a=1");
  EXPECT_EQ(TraceState::parse("b=2,c=3").set("a", "1").header(), "a=1,b=2,c=3");
}

TEST(TraceStateLevel2, Mutating_UpdateMovesToTheFrontAndKeepsTheOrderOfOthers) {
  EXPECT_EQ(TraceState::parse("a=1,b=2,c=3").set("b", "9").header(), "b=9,a=1,c=3");
}

TEST(TraceStateLevel2, Mutating_A33rdMemberRemovesTheRightMost) {
  const TraceState full = TraceState::parse(members(32));
  const TraceState more = full.set("new", "1");
  EXPECT_EQ(more.header(), "new=1," + members(31));
  EXPECT_EQ(full.set("k32", "new").header(), "k32=new," + members(31));
}

TEST(TraceStateLevel2, Mutating_DeleteKeepsTheOthers) {
  EXPECT_EQ(TraceState::parse("a=1,b=2,c=3").remove("b").header(), "a=1,c=3");
  EXPECT_EQ(TraceState::parse("a=1").remove("a"), TraceState());
  EXPECT_EQ(TraceState::parse("a=1").remove("x").header(), "a=1");
}

// trace/api.md "TraceState": all mutations validate, and never return invalid data.
TEST(TraceStateApi, InvalidInputReturnsTheStateUnchanged) {
  const TraceState state = TraceState::parse("a=1");
  EXPECT_EQ(state.set("A", "1"), state);
  EXPECT_EQ(state.set("", "1"), state);
  EXPECT_EQ(state.set("b", ""), state);
  EXPECT_EQ(state.set("b", "x,y"), state);
  EXPECT_EQ(state.set("b", "x "), state);
  EXPECT_EQ(state.set("b", "x\r\ny"), state);
}

TEST(TraceStateApi, IsImmutableAndSharesItsText) {
  const TraceState a = TraceState::parse("a=1");
  const TraceState copy = a;
  EXPECT_EQ(copy.header().data(), a.header().data());
  const TraceState b = a.set("b", "2");
  EXPECT_EQ(a.header(), "a=1");
  EXPECT_EQ(b.get("b"), "2");
  EXPECT_EQ(b.get("c"), "");
}

TEST(TraceStateLevel2, Limits_TruncationDropsLargeMembersFirstThenFromTheEnd) {
  const std::string large = "l=" + std::string(127, 'x');  // 129 characters
  const std::string fits = "f=" + std::string(126, 'x');   // 128
  const std::string header = "a=1," + large + ",b=2," + fits + ",c=3";
  EXPECT_EQ(sdk::truncated_trace_state(header, header.size()), header);
  EXPECT_EQ(sdk::truncated_trace_state(header, header.size() - 1), "a=1,b=2," + fits + ",c=3");
  EXPECT_EQ(sdk::truncated_trace_state(header, 136), "a=1,b=2," + fits);
  EXPECT_EQ(sdk::truncated_trace_state(header, 7), "a=1,b=2");
  EXPECT_EQ(sdk::truncated_trace_state(header, 2), "");
}

}  // namespace
}  // namespace nanospan

// Typed reads: what fits, and the exact line for what does not.
#include "gateway/config/map_reader.h"

#include <gtest/gtest.h>

#include "gateway/config/listen_address.h"
#include "gateway/config/resolve.h"

namespace nanospan::gateway {
namespace {

/// Parses one map and keeps it together with its reader.
struct Fixture {
  explicit Fixture(std::string_view text)
      : root(resolve_config({{"f.yaml", std::string(text)}},
                            {[](std::string_view) { return std::optional<std::string>("77"); }}, diagnostics)),
        reader(root, "top", diagnostics) {}
  std::string first_error() const { return diagnostics.errors().empty() ? "" : diagnostics.errors().front(); }
  Diagnostics diagnostics;
  ConfigNode root;
  MapReader reader;
};

TEST(MapReader, ReadsWhatFits) {
  Fixture f(
      "s: text\nq: \"5\"\nb: true\ni: 65_536\nd: 1m30s\nn: 1.5\nl: [a, b]\nc: a,b\nm: {x: y}\ne: ${env:X}\nz: 64MiB\n");
  std::string s, q, e;
  bool b = false;
  std::uint64_t i = 0, d = 0, z = 0;
  double n = 0;
  std::vector<std::string> l, c;
  std::vector<std::pair<std::string, std::string>> m;
  f.reader.read("s", s);
  f.reader.read("q", q);
  f.reader.read("b", b);
  f.reader.read("i", i);
  f.reader.read_duration("d", d);
  f.reader.read("n", n, 0, 2);
  f.reader.read_list("l", l);
  f.reader.read_list("c", c);
  f.reader.read_pairs("m", m);
  f.reader.read("e", e);
  f.reader.read_bytes("z", z);
  f.reader.finish();
  EXPECT_TRUE(f.diagnostics.ok()) << f.first_error();
  EXPECT_EQ(s + q + e, "text577");
  EXPECT_TRUE(b);
  EXPECT_EQ(i, 65536u);
  EXPECT_EQ(d, 90'000'000'000u);
  EXPECT_EQ(n, 1.5);
  EXPECT_EQ(l, c);
  EXPECT_EQ(m.front().second, "y");
  EXPECT_EQ(z, 64u << 20);
}

TEST(MapReader, NoMessageQuotesASecret) {
  Fixture f("a: s3cret\nb: \"5\"\nc: 12345\nd: [s3cret]\n");
  std::string a, b, c;
  f.reader.read_secret("a", a);
  f.reader.read_secret("b", b);
  for (const char* key : {"c", "d", "e"}) f.reader.read_secret(key, c);
  EXPECT_EQ(a + b + c, "s3cret5");
  EXPECT_EQ(f.diagnostics.errors(), (std::vector<std::string>{"f.yaml:3: top.c: expected text (put it in quotes)",
                                                              "f.yaml:4: top.d: expected text (put it in quotes)"}));
}

TEST(MapReader, AbsentAndNullLeaveTheDefault) {
  Fixture f("a:\n");
  std::string a = "kept";
  f.reader.read("a", a);
  f.reader.read("b", a);
  EXPECT_EQ(a, "kept");
}

TEST(MapReader, NothingIsConvertedWeakly) {
  std::string s;
  bool b = false;
  std::uint64_t i = 0;
  Fixture text("k: 5\n"), boolean("k: \"true\"\n"), integer("k: \"5\"\n"), map("k: {}\n");
  text.reader.read("k", s);
  boolean.reader.read("k", b);
  integer.reader.read("k", i);
  map.reader.read("k", s);
  EXPECT_EQ(text.first_error(), "f.yaml:1: top.k: expected text (put it in quotes), found \"5\"");
  EXPECT_EQ(boolean.first_error(), "f.yaml:1: top.k: expected true or false, found the string \"true\"");
  EXPECT_EQ(integer.first_error(), "f.yaml:1: top.k: expected an integer, found the string \"5\"");
  EXPECT_EQ(map.first_error(), "f.yaml:1: top.k: expected text, found a map");
}

TEST(MapReader, RangesAndChoices) {
  std::uint64_t i = 0;
  double n = 0;
  std::string s;
  Fixture range("\nk: 0\n"), open("k: -1\n"), number("k: 2\n"), choice("k: fast\n");
  range.reader.read("k", i, 1, 9);
  open.reader.read("k", i, 1);
  number.reader.read("k", n, 0, 1);
  choice.reader.read_choice("k", {"basic", "normal", ""}, s);
  EXPECT_EQ(range.first_error(), "f.yaml:2: top.k: 0 is out of range; give an integer of 1 to 9");
  EXPECT_EQ(open.first_error(), "f.yaml:1: top.k: -1 is out of range; give an integer of 1 or more");
  EXPECT_EQ(number.first_error(), "f.yaml:1: top.k: 2 is out of range; give a number from 0 to 1");
  EXPECT_EQ(choice.first_error(), "f.yaml:1: top.k: \"fast\" is not one of basic, normal or \"\"");
}

TEST(MapReader, UnknownKeysNameTheNearest) {
  Fixture f("endpont: x\nbanana: y\n");
  std::string s;
  f.reader.read("endpoint", s);
  f.reader.finish();
  EXPECT_EQ(f.diagnostics.errors(),
            (std::vector<std::string>{"f.yaml:1: top.endpont: unknown key; did you mean \"endpoint\"?",
                                      "f.yaml:2: top.banana: unknown key; known here: endpoint"}));
}

TEST(MapReader, RefusedAndIgnoredKeys) {
  Fixture f("tls: {ca_file: x}\nauth: null\nold: false\nbuffer: 5\nlist: []\n");
  for (const char* key : {"tls", "auth", "old", "list"}) f.reader.refuse(key, "remove it");
  f.reader.ignore("buffer", "it is automatic");
  f.reader.finish();
  EXPECT_EQ(f.diagnostics.errors(),
            std::vector<std::string>{"f.yaml:1: top.tls: not supported by this build; remove it"});
  EXPECT_EQ(f.diagnostics.warnings(),
            std::vector<std::string>{"f.yaml:4: top.buffer: has no effect here: it is automatic"});
}

TEST(MapReader, PairsAsListOfNameAndValue) {
  Fixture f("h:\n  - {name: a, value: b}\n  - {value: c}\n");
  std::vector<std::pair<std::string, std::string>> pairs;
  f.reader.read_pairs("h", pairs);
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0], (std::pair<std::string, std::string>{"a", "b"}));
  EXPECT_EQ(f.first_error(), "f.yaml:3: top.h.name: is missing; write {name: ..., value: ...}");
}

// "headers: Authorization=..." is a slip of those who know the variable; what it says is a secret all the same.
TEST(MapReader, AValueInPlaceOfAMapIsNotQuotedAndComplainedAboutOnceWithItsLine) {
  Fixture f("x: 1\nh: \"Authorization=Bearer 12345\"\nc: token\n");
  std::vector<std::pair<std::string, std::string>> pairs;
  f.reader.read_pairs("h", pairs);
  std::optional<MapReader> child = f.reader.child("c");
  child->fail("name", "is missing");
  child->finish();
  EXPECT_EQ(
      f.diagnostics.errors(),
      (std::vector<std::string>{"f.yaml:2: top.h: expected a map of keys, found a single value; write key: value",
                                "f.yaml:3: top.c: expected a map of keys, found a single value; write key: value"}));
}

TEST(ListenAddress, Forms) {
  EXPECT_EQ(parse_listen_address("localhost:4318")->host, "localhost");
  EXPECT_EQ(parse_listen_address(":4318")->host, "");
  EXPECT_EQ(parse_listen_address("[::1]:0")->host, "::1");
  EXPECT_EQ(parse_listen_address("[::1]:17")->text(), "[::1]:17");
  for (const char* wrong :
       {"", "localhost", "1.2.3.4:70000", "::1:4318", "http://x:1", "a:b", "@x:4317", "[@x]:4317", "[/tmp/x]:80"})
    EXPECT_FALSE(parse_listen_address(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace nanospan::gateway

#include "compare/json_tree.h"

#include <gtest/gtest.h>

namespace nanospan::compare {
namespace {

TEST(JsonTree, EveryNodeKnowsItsLine) {
  JsonNode root;
  JsonFault fault;
  ASSERT_TRUE(
      parse_json("{\n \"a\": [1,\n 2],\n \"b\": {\"c\": null, \"d\": true, \"e\": \"x\\n\"}}\n", 10, root, fault));
  EXPECT_EQ(root.line, 10U);
  EXPECT_EQ(root.find("a")->items[1].line, 12U);
  EXPECT_EQ(root.find("a")->items[1].number, 2);
  EXPECT_EQ(root.find("b")->line, 13U);
  EXPECT_TRUE(root.find("b")->find("d")->is_true);
  EXPECT_EQ(root.find("b")->text_of("e"), "x\n");
  EXPECT_EQ(root.find("b")->text_of("c"), "");
  EXPECT_EQ(root.find("z"), nullptr);
}

TEST(JsonTree, WordsThatOnlyBeginLikeValuesAreFaults) {
  JsonNode root;
  JsonFault fault;
  for (const char* text : {"[nul]", "[nothing]", "[truth]", "[-]", "[1 2]", "[\"a\"", "{\"a\" 1}", "[NaN]", "7", ""}) {
    EXPECT_FALSE(parse_json(text, 1, root, fault)) << text;
    EXPECT_FALSE(fault.what.empty()) << text;
  }
}

}  // namespace
}  // namespace nanospan::compare

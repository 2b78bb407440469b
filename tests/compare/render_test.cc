#include "compare/render.h"

#include <gtest/gtest.h>

#include "compare/json_tree.h"

namespace nanospan::compare {
namespace {

Report sample() {
  Side before;
  Side after;
  before.label = "old";
  after.label = "new|1";
  for (int i = 0; i < 10; ++i) {
    before.results.add("walk", "cpu_time", 1000 + 2 * i);
    after.results.add("walk", "cpu_time", 1100 + 2 * i);
    before.results.add("walk", "allocations", 0);
    after.results.add("walk", "allocations", 2);
  }
  before.results.add("gone", "cpu_time", 1);
  return compare(before, {after}, nullptr, {});
}

TEST(Render, TextIsATable) {
  EXPECT_EQ(render_text(sample()),
            "old -> new|1\n"
            "benchmark  unit                      old               new    delta  p (Holm)  verdict\n"
            "walk       cpu_time     1.009 us ± 0.7 %  1.109 us ± 0.6 %  +9.91 %  < 0.0001  WORSE\n"
            "walk       allocations                 0                 2   from 0     exact  WORSE\n"
            "\n"
            "only in old: gone cpu_time\n"
            "1 missing: measured in old, not in the new results\n"
            "2 regressions\n");
}

TEST(Render, APairOfTooFewRunsIsSaidToShowNothing) {
  Side side;
  side.results.add("walk", "ns", 5);
  const std::pair<Side, Side> pair(side, side);
  const std::string text = render_text(compare(side, {side}, &pair, {}));
  EXPECT_NE(text.find("the A/A pair has too few runs in 1 row to show noise\n"), std::string::npos) << text;
}

TEST(Render, MarkdownEscapesNames) {
  const std::string text = render_markdown(sample());
  EXPECT_NE(text.find("**old → new\\|1**\n\n| benchmark | unit |"), std::string::npos) << text;
  EXPECT_NE(text.find("| walk | cpu\\_time |"), std::string::npos) << text;
}

TEST(Render, JsonHasEverythingAndReadsBack) {
  JsonNode root;
  JsonFault fault;
  const std::string text = render_json(sample());
  ASSERT_TRUE(parse_json(text, 1, root, fault)) << text;
  EXPECT_EQ(root.text_of("verdict"), "regression");
  EXPECT_EQ(root.find("missing")->number, 1);
  const JsonNode& comparison = root.find("comparisons")->items[0];
  const JsonNode& time = comparison.find("rows")->items[0];
  EXPECT_EQ(time.find("old")->find("median")->number, 1009);
  EXPECT_NEAR(time.find("p")->number, 2.0 / 184756, 1e-12);
  EXPECT_EQ(time.text_of("verdict"), "regressed");
  const JsonNode& counter = comparison.find("rows")->items[1];
  EXPECT_EQ(counter.find("delta")->kind, JsonNode::Kind::kOther);  // null: from 0
  EXPECT_EQ(comparison.find("only_old")->items[0].text, "gone cpu_time");
}

}  // namespace
}  // namespace nanospan::compare

// Rows as .eh_frame gives them, and what the table that is made of them answers.
#include "profile/unwind/unwind_table.h"

#include "profile/unwind/row_cache.h"

#include <gtest/gtest.h>

namespace nanospan::profile {
namespace {

TEST(UnwindTable, AnswersAsTheRowsDo) {
  const auto row = [](std::uint32_t pc, std::int32_t offset) {
    return UnwindRow{pc, UnwindRow::pack_cfa(CfaRule::kSp, offset), 0};
  };
  // Two functions next to each other, of which the first ends as the second begins; a range of no length at 60.
  const UnwindTable table({row(10, 8), row(12, 16), row(20, 8), row(30, 8), row(40, 24), row(60, 8), row(60, 32)});
  EXPECT_EQ(table.pcs(), (std::vector<std::uint32_t>{10, 12, 20, 40, 60}));
  EXPECT_EQ(table.find(9), nullptr);
  const auto offset_at = [&](std::uint64_t at) { return table.find(at)->cfa_offset(); };
  EXPECT_EQ(offset_at(10), 8);
  EXPECT_EQ(offset_at(19), 16);
  EXPECT_EQ(offset_at(35), 8);
  EXPECT_EQ(offset_at(59), 24);
  EXPECT_EQ(offset_at(1000), 32);
}

TEST(UnwindTable, RangesReachAcrossItsKibibytes) {
  std::vector<UnwindRow> rows;
  for (const std::uint32_t pc : {5000u, 5119u, 5120u, 6143u, 9000u, 9001u, 40'000u}) {
    rows.push_back({pc, UnwindRow::pack_cfa(CfaRule::kSp, static_cast<std::int32_t>(pc)), 0});
  }
  const UnwindTable table(rows);
  std::size_t next = 0;
  for (std::uint32_t at = 4000; at < 50'000; ++at) {
    if (next < rows.size() && rows[next].pc == at) ++next;
    const UnwindRow* const found = table.find(at);
    ASSERT_EQ(found == nullptr, next == 0) << at;
    if (found != nullptr) {
      ASSERT_EQ(found->cfa, rows[next - 1].cfa) << at;
    }
  }
  EXPECT_EQ(table.find(std::uint64_t{1} << 40)->cfa, rows.back().cfa);
  EXPECT_EQ(UnwindTable(std::vector<UnwindRow>()).find(0), nullptr);
}

TEST(RowCache, ForgetsWhatItKnewOfOtherCode) {
  const CodeMap before({}), after({});
  RowCache cache;
  cache.follow(before);
  EXPECT_NE(cache.entry(4711).pc, 4711u);
  cache.entry(4711) = {4711, 1, 2};
  cache.follow(before);
  EXPECT_EQ(cache.entry(4711).pc, 4711u);
  cache.follow(after);  // another object may lie there now
  EXPECT_NE(cache.entry(4711).pc, 4711u);
}

TEST(UnwindTable, MoreRulesThanItCanNumberAreNone) {
  std::vector<UnwindRow> rows;
  for (std::uint32_t i = 0; i < UnwindTable::kRulesMax + 10; ++i) {
    rows.push_back({i, UnwindRow::pack_cfa(CfaRule::kSp, static_cast<std::int32_t>(i) * 8), 0});
  }
  const UnwindTable table(rows);
  EXPECT_EQ(table.find(1000)->cfa_offset(), 8000);
  EXPECT_EQ(table.find(UnwindTable::kRulesMax + 5)->cfa_rule(), CfaRule::kNone);
}

}  // namespace
}  // namespace nanospan::profile

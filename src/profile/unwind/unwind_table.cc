// Rules are numbered as they first occur, then by how often. Threads: see the header.
#include "profile/unwind/unwind_table.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace nanospan::profile {

UnwindTable::UnwindTable(const std::vector<UnwindRow>& rows) {
  std::unordered_map<std::uint64_t, std::uint32_t> numbers;         // by both rules
  std::array<std::pair<std::uint64_t, std::uint32_t>, 256> recent;  // of these, where most rows find theirs
  recent.fill({~std::uint64_t{0}, 0});                              // a pair of rules that no row has
  const auto number_of = [&](const UnwindRow& row) {
    const std::uint64_t both =
        std::uint64_t{static_cast<std::uint32_t>(row.cfa)} << 32 | static_cast<std::uint32_t>(row.frame);
    auto& [known, number] = recent[both * 0x9E3779B97F4A7C15u >> 56];
    if (known == both) return number;
    const auto [entry, is_new] = numbers.try_emplace(both, static_cast<std::uint32_t>(distinct_.size()));
    if (is_new) distinct_.push_back(row);
    known = both;
    return number = entry->second;
  };
  if (rows.empty()) return;
  first_page_ = rows.front().pc >> kPageShift;
  ranges_.reserve(rows.size());
  std::uint32_t last_pc = 0;
  for (UnwindRow row : rows) {
    if (distinct_.size() >= kRulesMax - 1) row = {row.pc, 0, 0};
    const std::uint32_t rule = number_of(row);
    const std::uint32_t range = (row.pc & kPageMask) << kRuleBits | rule;
    if (!ranges_.empty() && (ranges_.back() & kRuleMask) == rule) continue;
    if (!ranges_.empty() && last_pc == row.pc) {  // of no length
      ranges_.back() = range;
      continue;
    }
    while (first_page_ + pages_.size() <= row.pc >> kPageShift) {
      pages_.push_back(static_cast<std::uint32_t>(ranges_.size()));
    }
    ranges_.push_back(range);
    last_pc = row.pc;
  }
  pages_.push_back(static_cast<std::uint32_t>(ranges_.size()));
  number_by_frequency();
  pages_.shrink_to_fit();
  ranges_.shrink_to_fit();
  distinct_.shrink_to_fit();
}

void UnwindTable::number_by_frequency() {
  std::vector<std::uint32_t> uses(distinct_.size()), order(distinct_.size()), number(distinct_.size());
  for (const std::uint32_t range : ranges_) ++uses[range & kRuleMask];
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return uses[a] > uses[b]; });
  std::vector<UnwindRow> sorted;
  for (const std::uint32_t old : order) {
    number[old] = static_cast<std::uint32_t>(sorted.size());
    sorted.push_back(distinct_[old]);
  }
  for (std::uint32_t& range : ranges_) range = (range & ~kRuleMask) | number[range & kRuleMask];
  distinct_ = std::move(sorted);
}

std::vector<std::uint32_t> UnwindTable::pcs() const {
  std::vector<std::uint32_t> pcs;
  for (std::size_t page = 0; page + 1 < pages_.size(); ++page) {
    for (std::uint32_t i = pages_[page]; i < pages_[page + 1]; ++i) {
      pcs.push_back(static_cast<std::uint32_t>((first_page_ + page) << kPageShift) | ranges_[i] >> kRuleBits);
    }
  }
  return pcs;
}

}  // namespace nanospan::profile

// Rules are numbered as they first occur.
#include "profile/unwind/unwind_table.h"

#include <unordered_map>

namespace nanospan::profile {

UnwindTable::UnwindTable(const std::vector<UnwindRow>& rows) {
  std::unordered_map<std::uint64_t, std::uint16_t> numbers;  // by both rules
  const auto number_of = [&](const UnwindRow& row) {
    const std::uint64_t both =
        std::uint64_t{static_cast<std::uint32_t>(row.cfa)} << 32 | static_cast<std::uint32_t>(row.frame);
    const auto known = numbers.find(both);
    if (known != numbers.end()) return known->second;
    const auto number = static_cast<std::uint16_t>(distinct_.size());
    numbers.emplace(both, number);
    distinct_.push_back(row);
    return number;
  };
  for (UnwindRow row : rows) {
    if (distinct_.size() >= kRulesMax - 1) row = {row.pc, 0, 0};
    const std::uint16_t rule = number_of(row);
    if (!rules_.empty() && rules_.back() == rule) continue;
    if (!pcs_.empty() && pcs_.back() == row.pc) {  // of no length
      rules_.back() = rule;
      continue;
    }
    pcs_.push_back(row.pc);
    rules_.push_back(rule);
  }
  pcs_.shrink_to_fit();
  rules_.shrink_to_fit();
  distinct_.shrink_to_fit();
}

}  // namespace nanospan::profile

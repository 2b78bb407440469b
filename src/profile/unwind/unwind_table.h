// UnwindTable: the rows of one object as they are kept. Rules recur, so an address has the number of its rule:
//
//   pcs     u32 u32 u32 ...     first byte of each range, from the object's load base, ascending
//   rules   u16 u16 u16 ...     of each range: index in `distinct`
//
// 6 bytes a range rather than the 12 of an UnwindRow, and a search that touches pcs alone. Ranges next to each other
// with one rule (the end of a function, the begin of the next) are one. Never changes; find() is async-signal-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "profile/unwind/row.h"

namespace nanospan::profile {

class UnwindTable {
 public:
  /// What has a rule of its own beyond these has none. (libcrypto, the largest of Debian's, has some hundred.)
  static constexpr std::size_t kRulesMax = 65'536;

  UnwindTable() = default;
  /// REQUIRES: sorted by pc.
  explicit UnwindTable(const std::vector<UnwindRow>& rows);

  /// The rule of the range that holds `at`, from the load base; null before the first range.
  const UnwindRow* find(std::uint64_t at) const {
    std::size_t low = 0, count = pcs_.size();
    while (count > 0) {
      const std::size_t half = count / 2;
      if (pcs_[low + half] <= at) {
        low += half + 1;
        count -= half + 1;
      } else {
        count = half;
      }
    }
    return low == 0 ? nullptr : &distinct_[rules_[low - 1]];
  }

  const std::vector<std::uint32_t>& pcs() const { return pcs_; }
  std::size_t bytes() const {
    return pcs_.capacity() * sizeof(std::uint32_t) + rules_.capacity() * sizeof(std::uint16_t) +
           distinct_.capacity() * sizeof(UnwindRow);
  }

 private:
  std::vector<std::uint32_t> pcs_;
  std::vector<std::uint16_t> rules_;
  std::vector<UnwindRow> distinct_;  // pc: of the first range
};

}  // namespace nanospan::profile

// UnwindTable: the rows of one object as they are kept.
//
//   pages     u32 u32 ...   of each KiB of code, from the one with the first row on: the first range that begins in it
//                           or later; after the last one the number of ranges
//   ranges    u32 u32 ...   ascending: the first byte, from the begin of its KiB, 10 bits | number of its rule, 22 bits
//   distinct  UnwindRow...  the rules, as they recur; those that recur most come first
//
// 4 bytes a range rather than the 12 of an UnwindRow. A search reads one entry of `pages`, a few ranges next to each
// other, and a rule that other frames use as well. At a hundred samples a second nothing of it is in a cache: a search
// over all addresses waited for memory at nearly each of its seventeen steps, for every frame. Ranges next to each
// other with one rule (the end of a function, the begin of the next) are one. Never changes; find() is
// async-signal-safe.
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
    const std::uint64_t page = at >> kPageShift;
    if (page < first_page_ || pages_.empty()) return nullptr;
    std::size_t low = ranges_.size(), count = 0;
    if (page - first_page_ < pages_.size() - 1) {
      low = pages_[page - first_page_];
      count = pages_[page - first_page_ + 1] - low;
    }
    const auto within = static_cast<std::uint32_t>(at & kPageMask);
    while (count > 0) {
      const std::size_t half = count / 2;
      if (ranges_[low + half] >> kRuleBits <= within) {
        low += half + 1;
        count -= half + 1;
      } else {
        count = half;
      }
    }
    return low == 0 ? nullptr : &distinct_[ranges_[low - 1] & kRuleMask];
  }

  /// The first byte of each range, from the load base, ascending. Made for the asker.
  std::vector<std::uint32_t> pcs() const;
  std::size_t bytes() const {
    return (pages_.capacity() + ranges_.capacity()) * sizeof(std::uint32_t) + distinct_.capacity() * sizeof(UnwindRow);
  }

 private:
  static constexpr unsigned kPageShift = 10, kRuleBits = 32 - kPageShift;
  static constexpr std::uint32_t kPageMask = (1u << kPageShift) - 1, kRuleMask = (1u << kRuleBits) - 1;
  static_assert(kRulesMax <= kRuleMask);

  void number_by_frequency();

  std::uint64_t first_page_ = 0;
  std::vector<std::uint32_t> pages_;
  std::vector<std::uint32_t> ranges_;
  std::vector<UnwindRow> distinct_;  // pc: of a range that has it
};

}  // namespace nanospan::profile

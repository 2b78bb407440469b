// CodeMap: an immutable picture of the code that is loaded: where each object lies and how to leave its functions. The
// signal handler reads it; the collector replaces it when something was loaded or unloaded.
//
// Looking up is async-signal-safe: arrays and binary search, nothing else. Owned through shared_ptr by the collector;
// what a handler may still look at is kept until it cannot any more (Sampler::retire).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "profile/unwind/unwind_table.h"

namespace nanospan::profile {

/// One loaded object, as it was when it was first seen. Never changes.
struct Module {
  std::string path;          ///< Empty: nothing on disk (the vDSO).
  std::string build_id;      ///< Lower hex; empty if it has none.
  std::uint64_t base = 0;    ///< Load bias: address = base + virtual address in the file.
  std::uint64_t begin = 0;   ///< First byte of its executable segments.
  std::uint64_t end = 0;     ///< One past the last.
  std::uint64_t offset = 0;  ///< In the file, of `begin`.
  UnwindTable table;
};
using ModulePtr = std::shared_ptr<const Module>;

class CodeMap {
 public:
  explicit CodeMap(std::vector<ModulePtr> modules);

  /// What the handler needs of a module, apart from the strings.
  struct Range {
    std::uint64_t begin;
    std::uint64_t end;
    std::uint64_t base;
    const UnwindTable* table;
    std::uint32_t index;  ///< In modules().
  };

  /// The module whose code holds `pc`, or null. Async-signal-safe.
  const Range* find(std::uint64_t pc) const {
    std::size_t low = 0, high = range_count_;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (ranges_[middle].end <= pc) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < range_count_ && ranges_[low].begin <= pc ? &ranges_[low] : nullptr;
  }

  /// How to leave the function at `pc`, or null. Async-signal-safe. REQUIRES: range.begin <= pc < range.end
  static const UnwindRow* find_row(const Range& range, std::uint64_t pc) { return range.table->find(pc - range.base); }

  const std::vector<ModulePtr>& modules() const { return modules_; }
  /// Of this map alone, never 0.
  std::uint64_t number() const { return number_; }
  std::size_t table_bytes() const;

 private:
  const std::uint64_t number_;
  std::vector<ModulePtr> modules_;  // by address
  std::vector<Range> storage_;
  const Range* ranges_ = nullptr;
  std::size_t range_count_ = 0;
};

}  // namespace nanospan::profile

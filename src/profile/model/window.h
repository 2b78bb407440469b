// Window: what was counted between two moments: for each stack and set of labels how often and how much. Stacks and
// labels are numbers of a StackStore, which outlives it. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace nanospan::profile {

inline constexpr std::size_t kWindowValues = 4;
using WindowValues = std::array<std::int64_t, kWindowValues>;

class Window {
 public:
  static constexpr std::size_t kEntryBytes = sizeof(std::pair<std::uint64_t, WindowValues>) + 16;

  void add(std::uint32_t stack, std::uint32_t labels, const WindowValues& values) {
    WindowValues& sum = counts_[std::uint64_t{stack} << 32 | labels];
    for (std::size_t i = 0; i < kWindowValues; ++i) sum[i] += values[i];
  }
  void add(const Window& other) {
    for (const auto& [key, values] : other.counts_) {
      add(static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key), values);
    }
  }
  /// Only the first `count` values.
  void subtract(const Window& other, std::size_t count = kWindowValues) {
    for (const auto& [key, values] : other.counts_) {
      WindowValues& sum = counts_[key];
      for (std::size_t i = 0; i < count; ++i) sum[i] -= values[i];
    }
  }

  /// visit(stack, labels, values)
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [key, values] : counts_) {
      visit(static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key), values);
    }
  }
  bool has(std::uint32_t stack, std::uint32_t labels) const {
    return counts_.find(std::uint64_t{stack} << 32 | labels) != counts_.end();
  }
  std::size_t size() const { return counts_.size(); }
  bool empty() const { return counts_.empty(); }

 private:
  struct Hash {
    std::size_t operator()(std::uint64_t key) const {
      key = (key ^ key >> 32) * 0xD6E8FEB86659FD93u;
      return key ^ key >> 32;
    }
  };
  std::unordered_map<std::uint64_t, WindowValues, Hash> counts_;
};

}  // namespace nanospan::profile

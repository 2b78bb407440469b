// Histogram: counts of nanoseconds in buckets of 1/64 relative width, so that percentiles of millions of samples take
// 30 KiB and no sorting. Nothing is trimmed: the largest sample is kept exactly. One thread at a time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace nanospan::bench {

class Histogram {
 public:
  void add(std::uint64_t nanos) {
    ++buckets_[index(nanos)];
    ++count_;
    max_ = std::max(max_, nanos);
  }
  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  /// The lower bound of the bucket in which the share `fraction` of all samples is reached.
  std::uint64_t at(double fraction) const {
    const auto wanted = static_cast<std::uint64_t>(fraction * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > wanted) return lower_bound(i);
    }
    return max_;
  }
  /// Samples of at least `nanos`, which is rounded down to the bound of its bucket.
  std::uint64_t from(std::uint64_t nanos) const {
    std::uint64_t seen = 0;
    for (std::size_t i = index(nanos); i < buckets_.size(); ++i) seen += buckets_[i];
    return seen;
  }
  void clear() { *this = {}; }

 private:
  static constexpr unsigned kBits = 6;  // 64 buckets for each power of two

  static std::size_t index(std::uint64_t nanos) {
    if (nanos < (1U << kBits)) return nanos;
    const auto exponent = static_cast<unsigned>(std::bit_width(nanos)) - 1 - kBits;
    return (static_cast<std::size_t>(exponent + 1) << kBits) + ((nanos >> exponent) - (1U << kBits));
  }
  static std::uint64_t lower_bound(std::size_t index) {
    if (index < (1U << kBits)) return index;
    const std::size_t exponent = (index >> kBits) - 1;
    return ((1U << kBits) + (index & ((1U << kBits) - 1))) << exponent;
  }

  std::array<std::uint64_t, (64 - kBits + 1) << kBits> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace nanospan::bench

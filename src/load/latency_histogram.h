// LatencyHistogram: counts durations in buckets that are at most 1/32 wide relative to their value, so that any
// quantile is within about 3 % of the truth at a fixed size, whatever was counted. A plain value; one thread.
//
//   0..31 ns: one bucket each; above: 32 buckets for each power of two (exponent, then the five bits after the leading
//   one).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace nanospan::load {

class LatencyHistogram {
 public:
  void add(std::uint64_t nanos) {
    ++buckets_[bucket_of(nanos)];
    ++count_;
    sum_ += nanos;
    max_ = std::max(max_, nanos);
  }
  void add(const LatencyHistogram& other) {
    for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
  }
  /// What was counted after `earlier`, which is an older copy of this. Its max() is that of all.
  LatencyHistogram since(const LatencyHistogram& earlier) const {
    LatencyHistogram later = *this;
    for (std::size_t i = 0; i < kBuckets; ++i) later.buckets_[i] -= earlier.buckets_[i];
    later.count_ -= earlier.count_;
    later.sum_ -= earlier.sum_;
    return later;
  }
  std::uint64_t count() const { return count_; }
  /// Mean and largest value are exact, unlike quantiles; 0 if empty.
  double mean() const { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }
  std::uint64_t max() const { return max_; }
  /// How many of the counted values are at most `nanos`, as far as buckets can tell: those whose bucket ends there or
  /// before.
  std::uint64_t count_up_to(std::uint64_t nanos) const {
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets && bucket_end(i) <= nanos; ++i) seen += buckets_[i];
    return seen;
  }

  /// The smallest value that `share` (0 to 1) of the counted values do not exceed, rounded up to its bucket's end; 0 if
  /// empty.
  std::uint64_t quantile(double share) const {
    if (count_ == 0) return 0;
    const double wanted = share * static_cast<double>(count_);
    std::uint64_t seen = 0;
    std::size_t last = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      if (buckets_[i] == 0) continue;
      last = i;
      seen += buckets_[i];
      if (static_cast<double>(seen) >= wanted) break;
    }
    return std::min(bucket_end(last), max_);
  }

 private:
  static constexpr unsigned kBits = 5;
  static constexpr std::size_t kBuckets = (64 - kBits + 1) << kBits;

  static std::size_t bucket_of(std::uint64_t nanos) {
    if (nanos < 1U << kBits) return nanos;
    const auto shift = static_cast<unsigned>(std::bit_width(nanos)) - kBits - 1;
    return (static_cast<std::size_t>(shift) << kBits) + (nanos >> shift);
  }
  /// The largest value of a bucket.
  static std::uint64_t bucket_end(std::size_t bucket) {
    if (bucket < 2U << kBits) return bucket;
    const std::size_t shift = (bucket >> kBits) - 1;
    const std::uint64_t mantissa = (bucket & ((1U << kBits) - 1)) + (1U << kBits);
    return ((mantissa + 1) << shift) - 1;
  }

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace nanospan::load

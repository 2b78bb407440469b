// MemoryBudget: the one number of bytes that all requests in the gateway together may hold: arriving, inflated and
// queued.
//
// It refuses, it never waits: the sender is told to come back (503), so that slow peers cannot starve others (DESIGN,
// decision 13). Thread-safe; requests take no lock. A BudgetCharge is owned by one place at a time; the budget must
// outlive its charges.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <utility>

namespace nanospan::gateway {

class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t bytes_max) : configured_(bytes_max), bytes_max_(bytes_max) {}

  bool try_take(std::uint64_t bytes) { return try_take(bytes, bytes); }
  /// Takes `bytes`, if there is room for `whole`, of which they are a part.
  bool try_take(std::uint64_t bytes, std::uint64_t whole) {
    std::uint64_t used = used_.load(std::memory_order_relaxed);
    do {
      if (whole > left(used)) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return true;
  }
  /// Takes as much of `bytes` as there is left, and says how much that was.
  std::uint64_t take_up_to(std::uint64_t bytes) {
    std::uint64_t used = used_.load(std::memory_order_relaxed);
    std::uint64_t taken = 0;
    do {
      taken = std::min(bytes, left(used));
    } while (!used_.compare_exchange_weak(used, used + taken, std::memory_order_relaxed));
    return taken;
  }
  /// Takes what is not there. For what makes room in the end; nothing else is admitted until that has come.
  void overdraw(std::uint64_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void give_back(std::uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  /// Allows `bytes` from now on, or less, where there are limits (BudgetLimit). What is taken stays taken.
  void configure(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    configured_ = bytes;
    apply();
  }

  /// For the moment nothing is taken beyond so much of what is allowed, 0 to 100 %: the process has no more memory.
  /// bytes_max() stays, and with it what is too large for ever; where that changes, the share is of the new one.
  void set_percent(unsigned percent) { percent_.store(percent, std::memory_order_relaxed); }
  bool is_throttled() const { return percent_.load(std::memory_order_relaxed) < kAll; }
  static constexpr unsigned kAll = 100;

  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::uint64_t bytes_max() const { return bytes_max_.load(std::memory_order_relaxed); }

 private:
  friend class BudgetLimit;
  void add_limit(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    limits_.insert(bytes);
    apply();
  }
  void remove_limit(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    limits_.erase(limits_.find(bytes));
    apply();
  }
  void apply() { bytes_max_ = limits_.empty() ? configured_ : std::min(configured_, *limits_.begin()); }

  std::uint64_t left(std::uint64_t used) const {
    const std::uint64_t allowed = bytes_max();
    const unsigned percent = percent_.load(std::memory_order_relaxed);
    const std::uint64_t most = allowed / kAll * percent + allowed % kAll * percent / kAll;
    return used < most ? most - used : 0;
  }

  std::mutex mutex_;  // of what bytes_max_ is made of
  std::uint64_t configured_;
  std::multiset<std::uint64_t> limits_;
  std::atomic<std::uint64_t> bytes_max_;
  std::atomic<unsigned> percent_{kAll};
  std::atomic<std::uint64_t> used_{0};
};

/// While it lives the budget allows at most this. One thread at a time.
class BudgetLimit {
 public:
  BudgetLimit(MemoryBudget& budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) { budget_.add_limit(bytes); }
  ~BudgetLimit() { budget_.remove_limit(bytes_); }
  BudgetLimit(const BudgetLimit&) = delete;
  BudgetLimit& operator=(const BudgetLimit&) = delete;

  void set(std::uint64_t bytes) {
    budget_.add_limit(bytes);
    budget_.remove_limit(std::exchange(bytes_, bytes));
  }

 private:
  MemoryBudget& budget_;
  std::uint64_t bytes_;
};

/// Bytes taken from a budget, given back on destruction.
class BudgetCharge {
 public:
  BudgetCharge() = default;
  explicit BudgetCharge(MemoryBudget& budget) : budget_(&budget) {}
  BudgetCharge(BudgetCharge&& other) noexcept : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
  BudgetCharge& operator=(BudgetCharge&& other) noexcept {
    shrink_to(0);
    budget_ = other.budget_;
    bytes_ = std::exchange(other.bytes_, 0);
    return *this;
  }
  ~BudgetCharge() { shrink_to(0); }

  /// Charges up to `bytes` in all; false, and nothing changed, if the budget has not that much left.
  bool grow_to(std::uint64_t bytes) { return grow_to(bytes, bytes); }
  /// The same for what will grow up to `whole` in the end: false also if the budget has no room for that now, though
  /// no more than `bytes` is charged. So of many that grow at once those with the least to come get on, and the budget
  /// is not used up by parts none of which can become whole. REQUIRES: whole >= bytes.
  bool grow_to(std::uint64_t bytes, std::uint64_t whole) {
    if (bytes <= bytes_) return true;
    if (budget_ == nullptr || !budget_->try_take(bytes - bytes_, whole - bytes_)) return false;
    bytes_ = bytes;
    return true;
  }
  /// Charges up to `bytes` in all, or as much of it as the budget has left; bytes() says how much that is.
  void grow_towards(std::uint64_t bytes) {
    if (bytes > bytes_ && budget_ != nullptr) bytes_ += budget_->take_up_to(bytes - bytes_);
  }
  /// Charges `bytes` more, whatever the budget has left.
  void overdraw(std::uint64_t bytes) {
    if (budget_ == nullptr) return;
    budget_->overdraw(bytes);
    bytes_ += bytes;
  }
  void shrink_to(std::uint64_t bytes) {
    if (bytes >= bytes_) return;
    budget_->give_back(bytes_ - bytes);
    bytes_ = bytes;
  }
  std::uint64_t bytes() const { return bytes_; }
  /// More than this can never be charged, however long one waits.
  std::uint64_t budget_bytes_max() const { return budget_ == nullptr ? 0 : budget_->bytes_max(); }

 private:
  MemoryBudget* budget_ = nullptr;
  std::uint64_t bytes_ = 0;
};

}  // namespace nanospan::gateway

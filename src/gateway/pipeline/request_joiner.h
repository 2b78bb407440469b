// RequestJoiner: joins requests of one signal into larger ones, splits what is too large, and knows whom to tell what
// became of them. The processor `batch` and `sending_queue.batch` are made of it.
//
// A serialised export request is one repeated field, so two joined are one (DESIGN, "The one idea"): gathering is
// copying bytes to the end of the open batch, once. What is larger than the bound is split at spans, log records or
// data points.
//
// One thread at a time; Senders may be told from any. The budget must outlive its batches.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "gateway/pipeline/consumer.h"

namespace nanospan::gateway {

/// What sizes of batches count.
enum class BatchSizer { kItems, kBytes };

struct JoinLimits {
  BatchSizer sizer = BatchSizer::kItems;
  std::uint64_t size = 8192;   ///< From here on a batch is full.
  std::uint64_t size_max = 0;  ///< What is larger is split; 0: nothing is.
};

class RequestJoiner {
 public:
  /// Who waits for one request, which may have gone into several batches. Thread-safe.
  class Senders {
   public:
    explicit Senders(Completion done) : done_(std::move(done)) {}
    /// One more part; before the last is known. Call release() after the last.
    void expect() { left_.fetch_add(1); }
    void release() {
      if (left_.fetch_sub(1) == 1) done_(joined());
    }
    /// What became of a part of `items`, `rejected` of them for good.
    void add(const Outcome& outcome, std::uint64_t items, std::uint64_t rejected);

   private:
    Outcome joined();

    Completion done_;
    std::atomic<std::size_t> left_{1};
    std::mutex mutex_;
    bool retry_ = false;
    bool taken_ = false;
    std::uint64_t rejected_ = 0;
    std::uint64_t retry_after_nanos_ = 0;
    std::string message_;
  };
  struct Waiting {
    std::shared_ptr<Senders> senders;
    std::uint64_t items = 0;
  };
  /// A batch that is complete.
  struct Joined {
    BatchRef batch;
    std::vector<Waiting> waiting;
    std::uint64_t owed_items = 0;  ///< Of requests that were acknowledged already.
  };

  /// `budget` is charged for the open batch, even where it is used up: the batch takes the place of requests that were
  /// admitted. Null: nothing is charged.
  RequestJoiner(const JoinLimits& limits, MemoryBudget* budget, const base::Clock& clock)
      : limits_(limits), budget_(budget), clock_(clock) {}

  /// Why `batch` cannot be joined, nothing if it can; then there is memory for it.
  std::optional<Outcome> reserve(const Batch& batch);
  /// Puts the request into the open batch; those that have reached the bound go to `ready`. `senders`, if not null, is
  /// told of each part; `is_owed`: the request was acknowledged. Returns how many of its items are lost, as memory ran
  /// out, 0 as a rule; `senders` was told of these. REQUIRES: reserve(batch) returned nothing just before.
  std::uint64_t append(const Batch& batch, const std::shared_ptr<Senders>& senders, bool is_owed,
                       std::vector<Joined>& ready);
  /// Closes the open batch. REQUIRES: it is not empty.
  Joined cut();
  /// Tells those who wait. Which of them a rejected item came from nobody knows: the first ones are told, so that the
  /// sum is right.
  static void answer(const std::vector<Waiting>& waiting, const Outcome& outcome);

  /// From now on; what is in the open batch stays there.
  void set_limits(const JoinLimits& limits) { limits_ = limits; }
  bool empty() const { return open_.counts.spans == 0; }
  std::uint64_t items() const { return open_.counts.spans; }
  bool is_full() const { return !empty() && size() >= limits_.size; }
  /// When the oldest request in the open batch came.
  base::MonotonicNanos since() const { return open_.since; }

 private:
  struct Open {
    net::ByteBlock bytes;
    BudgetCharge charge;
    SpanCounts counts;
    Signal signal = Signal::kTraces;
    std::vector<Waiting> waiting;
    std::uint64_t owed_items = 0;
    base::MonotonicNanos since = 0;
  };
  std::uint64_t size() const {
    return limits_.sizer == BatchSizer::kBytes ? open_.bytes.view().size() : open_.counts.spans;
  }
  std::uint64_t size_of(const Batch& batch) const {
    return limits_.sizer == BatchSizer::kBytes ? batch.bytes().size() : batch.counts().spans;
  }
  bool must_split(const Batch& batch) const {
    return limits_.size_max != 0 && size() + size_of(batch) > limits_.size_max;
  }
  std::uint64_t parts_of(const Batch& batch, std::uint64_t envelope) const;
  void note(std::uint64_t items, const std::shared_ptr<Senders>& senders, bool is_owed);

  JoinLimits limits_;
  MemoryBudget* const budget_;
  const base::Clock& clock_;
  Open open_;
};

}  // namespace nanospan::gateway

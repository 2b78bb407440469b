// Consumer: the interface in which all components of a pipeline meet. Whoever produces batches knows only this.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "gateway/pipeline/batch.h"
#include "net/unique_function.h"

namespace nanospan::gateway {

/// What became of a batch, in the words that its sender needs.
struct Outcome {
  enum class Kind {
    kAccepted,   ///< Someone else is responsible for it now: the queue, or, with wait_for_result, the destination.
    kPermanent,  ///< It will never be accepted; sending it again is of no use.
    kRetry,      ///< Not now. Nothing is wrong with it.
  };
  Kind kind = Kind::kAccepted;
  std::string message;                  ///< One line, if it was not accepted; with kAccepted a warning, or empty.
  std::uint64_t retry_after_nanos = 0;  ///< With kRetry: when a destination asked for it; 0: the receiver chooses.
  std::uint64_t rejected_spans = 0;     ///< With kAccepted: so many items of it will never be accepted.

  static Outcome accepted() { return {}; }
  /// All but `rejected_spans` (OTLP, "Partial Success").
  static Outcome partial(std::uint64_t rejected_spans, std::string message) {
    return {Kind::kAccepted, std::move(message), 0, rejected_spans};
  }
  static Outcome permanent(std::string message) { return {Kind::kPermanent, std::move(message), 0, 0}; }
  static Outcome retry(std::string message, std::uint64_t after_nanos = 0) {
    return {Kind::kRetry, std::move(message), after_nanos, 0};
  }
};

/// Called exactly once, from any thread, possibly before consume() returns.
using Completion = net::UniqueFunction<void(Outcome)>;

enum class Room {
  kYes,
  kNotNow,
  kNever,  ///< The batch is larger than this consumer could ever take.
};

/// Thread-safe.
class Consumer {
 public:
  virtual ~Consumer() = default;
  /// Whether consume() would most likely refuse `batch` for want of room. A hint, asked before a batch is given to
  /// several.
  virtual Room room_for(const Batch& batch) const = 0;
  /// True if a completion says what the destination did; false if it says that the batch is queued here. Who gathers
  /// batches asks this, to keep what wait_for_result promises.
  virtual bool waits_for_result() const { return false; }
  /// Takes the batch, or says in `done` why not. Never blocks.
  virtual void consume(BatchRef batch, Completion done) = 0;
};

/// Where the batches of a receiver go, by signal.
class SignalConsumers {
 public:
  SignalConsumers() = default;
  /// One for all signals.
  SignalConsumers(Consumer& consumer) {  // NOLINT(google-explicit-constructor)
    for (const Signal signal : kSignals) by_signal_[signal] = &consumer;
  }
  void set(Signal signal, Consumer& consumer) { by_signal_[signal] = &consumer; }
  /// Null: no pipeline of this signal has the receiver.
  Consumer* of(Signal signal) const { return by_signal_[signal]; }

 private:
  PerSignal<Consumer*> by_signal_;
};

}  // namespace nanospan::gateway

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
  std::string message;                  ///< One line, if it was not accepted.
  std::uint64_t retry_after_nanos = 0;  ///< With kRetry: when to come back; 0 if the consumer does not know.

  static Outcome accepted() { return {}; }
  static Outcome permanent(std::string message) { return {Kind::kPermanent, std::move(message), 0}; }
  static Outcome retry(std::string message, std::uint64_t after_nanos = 0) {
    return {Kind::kRetry, std::move(message), after_nanos};
  }
};

/// Called exactly once, from any thread, possibly before consume() returns.
using Completion = net::UniqueFunction<void(Outcome)>;

/// Thread-safe.
class Consumer {
 public:
  virtual ~Consumer() = default;
  /// True if consume() would most likely not refuse `batch` for want of room. A hint, asked before a batch is given to
  /// several.
  virtual bool has_room(const Batch& batch) const = 0;
  /// Takes the batch, or says in `done` why not. Never blocks.
  virtual void consume(BatchRef batch, Completion done) = 0;
};

}  // namespace nanospan::gateway

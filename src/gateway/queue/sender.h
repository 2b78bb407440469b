// Sender: one attempt to bring one batch to its destination. ExportQueue decides when, and what to do about the answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "gateway/pipeline/batch.h"
#include "net/unique_function.h"

namespace nanospan::gateway {

struct SendResult {
  enum class Kind {
    kSent,       ///< The destination has it, but for `rejected_spans` (partial success: never sent again).
    kRetry,      ///< Not this time.
    kPermanent,  ///< The destination will never take it.
  };
  Kind kind = Kind::kSent;
  std::string_view reason;              ///< A metric label, of a fixed set; not empty unless all was sent.
  std::string message;                  ///< One line for people.
  std::uint64_t retry_after_nanos = 0;  ///< With kRetry: what the destination asked for.
  std::uint64_t rejected_spans = 0;     ///< With kSent.
};

class Sender {
 public:
  using Done = net::UniqueFunction<void(SendResult)>;
  virtual ~Sender() = default;
  /// Opens what it needs, before the first send(). `before`: the sender of the same exporter whose place it will take,
  /// and which goes on until then; or null. Any thread, while no other uses either.
  virtual Status start(Sender* /*before*/) { return {}; }
  /// Calls `done` once, on the loop's thread, now or later; by `deadline` if it can. Not after destruction.
  virtual void send(BatchRef batch, base::Deadline deadline, Done done) = 0;
};

}  // namespace nanospan::gateway

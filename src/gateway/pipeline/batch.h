// Batch: one export request on its way through the gateway: its bytes as they were received, and how many spans (or
// data points, log records, samples) they hold.
//
// Why bytes: what is not changed is never unpacked (DESIGN, "The one idea"). A batch is immutable from the moment it is
// made and shared by all exporters of its pipelines through BatchRef; the memory budget gets its bytes back with the
// last reference. Its compressed forms are a cache beside it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "gateway/pipeline/memory_budget.h"
#include "gateway/pipeline/signal.h"
#include "net/byte_block.h"
#include "net/codec.h"

namespace nanospan::gateway {

struct SpanCounts {
  std::uint64_t resources = 0;
  std::uint64_t scopes = 0;
  std::uint64_t spans = 0;  ///< The items of the signal (see SignalInfo).
};

/// A body in a content coding.
struct EncodedBody {
  net::Coding coding;
  net::ByteBlock block;
};

class Batch {
 public:
  /// `bytes` is a validated request of `signal`; `received` the body that it was decoded from, if that was one
  /// complete frame and nothing else (DESIGN, decision 13). `charge` covers both.
  Batch(net::ByteBlock bytes, std::optional<EncodedBody> received, SpanCounts counts, BudgetCharge charge,
        Signal signal = Signal::kTraces);

  std::string_view bytes() const { return bytes_.view(); }
  const SpanCounts& counts() const { return counts_; }
  Signal signal() const { return signal_; }

  /// The bytes in `coding` if they are there already: as they came, or by an earlier encoded(). Else empty.
  std::string_view kept(net::Coding coding) const;
  /// The bytes compressed: what is kept, whatever its level, or made now and kept for all exporters and retries.
  /// Thread-safe; who comes second waits for the first. The copy is charged even where the budget is used up: refusing
  /// would keep the memory full for ever, as only what is sent leaves it. So what may be overdrawn is one compressed
  /// copy of each batch that is being sent.
  Result<std::string_view> encoded(const net::Codec& codec, int level) const;

 private:
  std::string_view find(net::Coding coding) const;  // mutex held

  const net::ByteBlock bytes_;
  const SpanCounts counts_;
  const Signal signal_;
  mutable std::mutex mutex_;
  mutable std::vector<EncodedBody> encoded_;  // only ever added to, so views of it stay
  mutable BudgetCharge charge_;
};

using BatchRef = std::shared_ptr<const Batch>;

}  // namespace nanospan::gateway

// Batch: one export request on its way through the gateway: its bytes as they were received, and how many spans they
// hold.
//
// Why bytes: what is not changed is never unpacked (DESIGN, "The one idea"). A batch is immutable from the moment it is
// made and shared by all exporters of its pipelines through BatchRef; the memory budget gets its bytes back with the
// last reference.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "gateway/pipeline/memory_budget.h"
#include "net/byte_block.h"

namespace nanospan::gateway {

struct SpanCounts {
  std::uint64_t resources = 0;
  std::uint64_t scopes = 0;
  std::uint64_t spans = 0;
};

class Batch {
 public:
  /// `bytes` is a validated ExportTraceServiceRequest; `gzip` the body that it was inflated from, if that was one
  /// complete gzip member and nothing else, or empty. `charge` covers both.
  Batch(net::ByteBlock bytes, net::ByteBlock gzip, SpanCounts counts, BudgetCharge charge)
      : bytes_(std::move(bytes)), gzip_(std::move(gzip)), counts_(counts), charge_(std::move(charge)) {}

  std::string_view bytes() const { return bytes_.view(); }
  /// The same, compressed by whoever sent it; empty if it was not. May be forwarded verbatim (DESIGN, decision 13).
  std::string_view gzip() const { return gzip_.view(); }
  const SpanCounts& counts() const { return counts_; }

 private:
  net::ByteBlock bytes_;
  net::ByteBlock gzip_;
  SpanCounts counts_;
  BudgetCharge charge_;
};

using BatchRef = std::shared_ptr<const Batch>;

}  // namespace nanospan::gateway

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
  /// `bytes` is a validated ExportTraceServiceRequest. `charge` covers it.
  Batch(net::ByteBlock bytes, SpanCounts counts, BudgetCharge charge)
      : bytes_(std::move(bytes)), counts_(counts), charge_(std::move(charge)) {}

  std::string_view bytes() const { return bytes_.view(); }
  const SpanCounts& counts() const { return counts_; }

 private:
  net::ByteBlock bytes_;
  SpanCounts counts_;
  BudgetCharge charge_;
};

using BatchRef = std::shared_ptr<const Batch>;

}  // namespace nanospan::gateway

// SpanRef::snapshot: what processors read of a span that still runs.
#include <nanospan/span_view.h>

#include <new>
#include <utility>

#include "base/immortal.h"
#include "sdk/diagnostics.h"
#include "sdk/trace/slab.h"

namespace nanospan {
inline namespace v0 {

SpanSnapshot SpanRef::snapshot() const {
  static base::Immortal<Resource> no_resource;
  static const InstrumentationScope no_scope{};
  try {
    auto [bytes, record] = sdk::copy_of(slab_, generation_);
    if (record != nullptr) return SpanSnapshot(std::move(bytes), record->provider->resource, record->scope, false);
  } catch (const std::bad_alloc&) {
    sdk::report("span", "no memory for a snapshot; it is empty");
  }
  return SpanSnapshot({}, *no_resource, no_scope, true);
}

}  // namespace v0
}  // namespace nanospan

// How the SDK makes and opens handles whose constructors are private.
#pragma once

#include <nanospan/span.h>

namespace nanospan {
inline namespace v0 {

struct SpanRefAccess {
  static SpanRef make(detail::Slab* slab, std::uint64_t generation, const SpanContext& context) {
    return SpanRef(slab, generation, context);
  }
};

}  // namespace v0
}  // namespace nanospan

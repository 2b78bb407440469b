// LINK: nanospan_sdk
// B3 headers, single and multi, a block of lines for each name. What is accepted is injected in both forms and read
// back as the same context.
#include <nanospan/propagation.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/carrier.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nanospan;
  const PropagatorPtr single = b3_propagator(), multi = b3_multi_propagator();
  const fuzz::Carrier received({reinterpret_cast<const char*>(data), size},
                               {"b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags"});
  const Context context = single->extract(Context::root(), received);
  const SpanContext& parent = context.span_context();
  fuzz::check(multi->extract(Context::root(), received).span_context() == parent);
  if (!parent.is_valid()) {
    fuzz::check(parent == SpanContext());
    return 0;
  }
  for (const PropagatorPtr& propagator : {single, multi}) {
    fuzz::Carrier sent;
    propagator->inject(context, sent);
    fuzz::check(propagator->extract(Context::root(), sent).span_context() == parent);
  }
  return 0;
}

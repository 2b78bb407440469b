// LINK: nanospan_sdk
// W3C trace context headers from strangers. The input is the traceparent lines, one a line, then an empty line, then
// those of tracestate. What is accepted must be injected as a header that is read back as the same context.
#include <nanospan/propagation.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/carrier.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nanospan;
  const PropagatorPtr propagator = trace_context_propagator();
  const fuzz::Carrier received({reinterpret_cast<const char*>(data), size}, {"traceparent", "tracestate"});
  const Context context = propagator->extract(Context::root(), received);
  const SpanContext& parent = context.span_context();
  if (!parent.is_valid()) {
    fuzz::check(parent == SpanContext());
    return 0;
  }
  fuzz::check(parent.is_remote() && (parent.trace_flags() & ~TraceFlags::kKnown) == 0);
  fuzz::Carrier sent;
  propagator->inject(context, sent);
  const SpanContext again = propagator->extract(Context::root(), sent).span_context();
  fuzz::check(again.trace_id() == parent.trace_id() && again.span_id() == parent.span_id());
  fuzz::check(again.trace_flags() == parent.trace_flags());
  fuzz::check(parent.trace_state().header().size() > 4096 || again.trace_state() == parent.trace_state());
  return 0;
}

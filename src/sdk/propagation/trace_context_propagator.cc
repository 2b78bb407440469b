// W3C Trace Context Level 2:  traceparent: 00-<32 hex trace id>-<16 hex parent id>-<2 hex flags>   and tracestate.
//
// A traceparent that breaks a rule is ignored together with its tracestate, a broken tracestate alone is dropped
// (3.3 "Processing Model"). Of future versions (01 to fe) the four known fields are read; version 00 is always written,
// with the two flags that this version knows ("Other Flags": the rest are set to zero).
#include <nanospan/propagation.h>

#include <array>
#include <cstring>

#include "base/text.h"
#include "sdk/context/trace_state.h"
#include "sdk/propagation/lower_hex.h"

namespace nanospan {
namespace sdk {
namespace {

constexpr std::string_view kTraceParent = "traceparent";
constexpr std::string_view kTraceState = "tracestate";

// Offsets in "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".
constexpr std::size_t kTraceIdAt = 3;
constexpr std::size_t kSpanIdAt = 36;
constexpr std::size_t kFlagsAt = 53;
constexpr std::size_t kLength = 55;

// Servers refuse header lines of 8 KiB and more with a 4xx, so a long tracestate would break the request that it rides
// on. Level 2 asks for at least 512 characters.
constexpr std::size_t kTraceStateSent = 4096;

// The context that `header` names, without a tracestate; invalid if the header is.
SpanContext parse_trace_parent(std::string_view header) {
  header = base::trim_ows(header);
  if (header.size() < kLength || header[2] != '-' || header[35] != '-' || header[52] != '-') return {};
  std::uint8_t version = 0, flags = 0;
  if (!parse_lower_hex(header.substr(0, 2), &version) || version == 0xFF) return {};
  if (header.size() > kLength && (version == 0 || header[kLength] != '-')) return {};
  std::array<std::uint8_t, TraceId::kSize> trace_id;
  std::array<std::uint8_t, SpanId::kSize> span_id;
  if (!parse_lower_hex(header.substr(kTraceIdAt, 2 * trace_id.size()), trace_id.data()) ||
      !parse_lower_hex(header.substr(kSpanIdAt, 2 * span_id.size()), span_id.data()) ||
      !parse_lower_hex(header.substr(kFlagsAt, 2), &flags)) {
    return {};
  }
  return SpanContext(TraceId::from_bytes(trace_id.data()), SpanId::from_bytes(span_id.data()), flags, true);
}

// Several lines of a list header are one list (RFC 9110 5.3).
std::string joined_lines(const TextMapGetter& carrier, std::string_view key) {
  std::string joined;
  for (const std::string& line : carrier.get_all(key)) {
    if (!joined.empty()) joined += ',';
    joined += line;
  }
  return joined;
}

class TraceContextPropagator final : public TextMapPropagator {
 public:
  void inject(const Context& context, TextMapSetter& carrier) const override {
    const SpanContext& span = context.span_context();
    if (!span.is_valid()) return;
    std::array<char, kLength> header;
    std::memcpy(header.data(), "00-", 3);
    span.trace_id().to_hex(header.data() + kTraceIdAt);
    header[kSpanIdAt - 1] = '-';
    span.span_id().to_hex(header.data() + kSpanIdAt);
    header[kFlagsAt - 1] = '-';
    header[kFlagsAt] = '0';
    header[kFlagsAt + 1] = static_cast<char>('0' + (span.trace_flags() & TraceFlags::kKnown));
    carrier.set(kTraceParent, {header.data(), header.size()});

    const std::string_view state = span.trace_state().header();
    if (state.empty()) return;
    if (state.size() <= kTraceStateSent) {
      carrier.set(kTraceState, state);
    } else if (const std::string shorter = truncated_trace_state(state, kTraceStateSent); !shorter.empty()) {
      carrier.set(kTraceState, shorter);
    }
  }

  Context extract(const Context& context, const TextMapGetter& carrier) const override {
    // Two traceparent headers are as good as none: there is no telling which is right.
    const std::vector<std::string> lines = carrier.get_all(kTraceParent);
    if (lines.size() != 1) return context;
    const SpanContext parent = parse_trace_parent(lines[0]);
    if (!parent.is_valid()) return context;
    // "Other Flags": no meaning is known for them, and children must not pass them on.
    const std::uint8_t flags = parent.trace_flags() & TraceFlags::kKnown;
    return context.with_span_context(SpanContext(parent.trace_id(), parent.span_id(), flags, true,
                                                 TraceState::parse(joined_lines(carrier, kTraceState))));
  }

  std::vector<std::string> fields() const override { return {std::string(kTraceParent), std::string(kTraceState)}; }
};

}  // namespace
}  // namespace sdk

inline namespace v0 {

PropagatorPtr trace_context_propagator() { return std::make_shared<sdk::TraceContextPropagator>(); }

}  // namespace v0
}  // namespace nanospan

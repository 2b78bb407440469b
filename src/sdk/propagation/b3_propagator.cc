// OpenZipkin B3, in one header or in four.
//
//   b3: <16 or 32 hex trace id>-<16 hex span id>[-<0, 1 or d>[-<16 hex parent span id>]]      or only "b3: 0"
//   x-b3-traceid, x-b3-spanid, x-b3-sampled: 0 or 1, x-b3-flags: 1 (debug)
//
// Reading tries the single header first; a 64-bit trace id is padded on the left. Debug ("d", flags 1) means sampled,
// is kept with the context and sent on. A sampling decision that is left to us ("defer") reads as not sampled, as in
// the other languages. The span id of the sender becomes the parent and is never taken for our own, so
// x-b3-parentspanid is neither used nor sent. Source: context/api-propagators.md "B3 Requirements";
// openzipkin/b3-propagation.
#include <nanospan/propagation.h>

#include <array>
#include <optional>

#include "base/text.h"
#include "sdk/context/trace_state.h"
#include "sdk/propagation/lower_hex.h"

namespace nanospan {
namespace sdk {
namespace {

constexpr std::string_view kSingle = "b3";
constexpr std::string_view kTraceId = "x-b3-traceid";
constexpr std::string_view kSpanId = "x-b3-spanid";
constexpr std::string_view kSampled = "x-b3-sampled";
constexpr std::string_view kFlags = "x-b3-flags";

constexpr std::size_t kSpanHex = 2 * SpanId::kSize;
constexpr std::size_t kTraceHex = 2 * TraceId::kSize;

constinit const ContextKey<bool> debug_key("b3 debug");

enum class Sampling : std::uint8_t { kNo, kYes, kDebug };

std::optional<Sampling> parse_sampling(std::string_view text) {
  if (text == "1" || text == "true")
    return Sampling::kYes;  // "true" and "false": tracers before the format was written down.
  if (text == "0" || text == "false" || text.empty()) return Sampling::kNo;
  if (text == "d") return Sampling::kDebug;
  return std::nullopt;
}

struct Extracted {
  SpanContext span;
  bool debug;
};

std::optional<Extracted> make(std::string_view trace_hex, std::string_view span_hex, std::optional<Sampling> sampling) {
  std::array<std::uint8_t, TraceId::kSize> trace_id{};
  std::array<std::uint8_t, SpanId::kSize> span_id{};
  if ((trace_hex.size() != kTraceHex && trace_hex.size() != kTraceHex / 2) || span_hex.size() != kSpanHex ||
      !sampling || !parse_lower_hex(trace_hex, trace_id.data() + trace_id.size() - trace_hex.size() / 2) ||
      !parse_lower_hex(span_hex, span_id.data())) {
    return std::nullopt;
  }
  const std::uint8_t flags = *sampling == Sampling::kNo ? 0 : TraceFlags::kSampled;
  const SpanContext span(TraceId::from_bytes(trace_id.data()), SpanId::from_bytes(span_id.data()), flags, true);
  if (!span.is_valid()) return std::nullopt;
  return Extracted{span, *sampling == Sampling::kDebug};
}

std::optional<Extracted> parse_single(std::string_view header) {
  std::array<std::string_view, 4> parts;
  std::size_t count = 0;
  header = base::trim_ows(header);
  while (true) {
    if (count == parts.size()) return std::nullopt;
    const std::size_t dash = header.find('-');
    parts[count++] = header.substr(0, dash);
    if (dash == std::string_view::npos) break;
    header.remove_prefix(dash + 1);
  }
  std::array<std::uint8_t, SpanId::kSize> parent;
  const bool parent_ok = count < 4 || (parts[3].size() == kSpanHex && parse_lower_hex(parts[3], parent.data()));
  if (!parent_ok || (count >= 3 && parts[2].empty())) return std::nullopt;
  return make(parts[0], parts[1], parse_sampling(parts[2]));
}

std::optional<Extracted> parse_multi(const TextMapGetter& carrier) {
  // A getter's view lives until its next call.
  const std::string trace_hex(base::trim_ows(carrier.get(kTraceId)));
  const std::string span_hex(base::trim_ows(carrier.get(kSpanId)));
  const bool debug = base::trim_ows(carrier.get(kFlags)) == "1";
  const std::string_view sampled = base::trim_ows(carrier.get(kSampled));
  // "d" is of the single header only.
  const std::optional<Sampling> sampling = debug            ? Sampling::kDebug
                                           : sampled == "d" ? std::nullopt
                                                            : parse_sampling(sampled);
  return make(trace_hex, span_hex, sampling);
}

bool is_debug(const Context& context) {
  const bool* debug = context.get(debug_key);
  return debug != nullptr && *debug;
}

class B3Propagator : public TextMapPropagator {
 public:
  Context extract(const Context& context, const TextMapGetter& carrier) const override {
    std::optional<Extracted> found = parse_single(carrier.get(kSingle));
    if (!found) found = parse_multi(carrier);
    if (!found) return context;
    Context next = context.with_span_context(found->span);
    return found->debug == is_debug(context) ? next : next.with(debug_key(found->debug));
  }
};

class B3SinglePropagator final : public B3Propagator {
 public:
  void inject(const Context& context, TextMapSetter& carrier) const override {
    const SpanContext& span = context.span_context();
    if (!span.is_valid()) return;
    std::array<char, kTraceHex + 1 + kSpanHex + 2> header;
    span.trace_id().to_hex(header.data());
    header[kTraceHex] = '-';
    span.span_id().to_hex(header.data() + kTraceHex + 1);
    header[header.size() - 2] = '-';
    header[header.size() - 1] = is_debug(context) ? 'd' : span.is_sampled() ? '1' : '0';
    carrier.set(kSingle, {header.data(), header.size()});
  }
  std::vector<std::string> fields() const override { return {std::string(kSingle)}; }
};

class B3MultiPropagator final : public B3Propagator {
 public:
  void inject(const Context& context, TextMapSetter& carrier) const override {
    const SpanContext& span = context.span_context();
    if (!span.is_valid()) return;
    carrier.set(kTraceId, span.trace_id().to_hex());
    carrier.set(kSpanId, span.span_id().to_hex());
    if (is_debug(context)) {
      carrier.set(kFlags, "1");  // "Debug implies an accept decision, so don't also send the X-B3-Sampled header."
    } else {
      carrier.set(kSampled, span.is_sampled() ? "1" : "0");
    }
  }
  std::vector<std::string> fields() const override {
    return {std::string(kTraceId), std::string(kSpanId), std::string(kSampled), std::string(kFlags)};
  }
};

}  // namespace
}  // namespace sdk

inline namespace v0 {

PropagatorPtr b3_propagator() { return std::make_shared<sdk::B3SinglePropagator>(); }
PropagatorPtr b3_multi_propagator() { return std::make_shared<sdk::B3MultiPropagator>(); }

}  // namespace v0
}  // namespace nanospan

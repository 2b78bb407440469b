// Ships one span of each sort, for others to decode: every attribute type, events, links, limits, text that needs
// repair.
//
//   sender     where to and how is in the OTEL_* variables, as for any program
//
// Everything is fixed but the ids, which it prints as lines "name trace_id span_id". sent_spans.py says the same for
// the judges; a change here is a change there. One thread.
#include <array>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <nanospan/nanospan.h>

namespace {

using nanospan::Attribute;
using nanospan::AttributeValue;
using nanospan::Span;
using nanospan::SpanContext;
using nanospan::SpanId;
using nanospan::TraceId;
using nanospan::TraceState;

constexpr std::uint64_t kStart = 1'700'000'000'000'000'001;  // Odd nanoseconds, so that rounding shows.

SpanContext remote(std::string_view trace, std::string_view span, std::string_view state) {
  return {TraceId::from_hex(trace), SpanId::from_hex(span), nanospan::TraceFlags::kSampled, true,
          TraceState::parse(state)};
}

void print(const char* name, const Span& span) {
  std::array<char, 32> trace;
  std::array<char, 16> id;
  span.context().trace_id().to_hex(trace.data());
  span.context().span_id().to_hex(id.data());
  std::printf("%s %.32s %.16s\n", name, trace.data(), id.data());
}

void set_every_type(Span& span) {
  const std::array<bool, 2> bools = {true, false};
  const std::vector<std::int64_t> ints = {1, -2, std::numeric_limits<std::int64_t>::min()};
  const std::vector<double> doubles = {0.5, -1e300};
  const std::vector<std::string_view> strings = {"a", "", "ß"};
  const std::vector<std::uint8_t> bytes = {0, 255, 128};
  const std::vector<Attribute> map = {{"inner", "x"}, {"deep", AttributeValue(std::vector<std::int64_t>(0))}};
  const std::vector<AttributeValue> mixed = {
      1, "two", 3.5, true, AttributeValue(), AttributeValue(std::span<const Attribute>(map))};
  span.set("string", "grüße 👋").set("empty string", "").set("bool", true).set("int", -1);
  span.set("int max", std::numeric_limits<std::int64_t>::max()).set("double", 0.1);
  span.set("infinity", std::numeric_limits<double>::infinity()).set("bytes", bytes);
  span.set("bools", std::span<const bool>(bools)).set("ints", ints).set("doubles", doubles).set("strings", strings);
  span.set("mixed", mixed).set("map", std::span<const Attribute>(map)).set("nothing", AttributeValue());
  span.set("not utf-8", std::string("\xC3\x28", 2));
  span.set("long", std::string(70'000, 'x'));  // more than a slab holds, more than two length bytes
  span.set("again", 1).set("between", 2).set("again", "last");
}

void send_everything(nanospan::Tracer& tracer) {
  const nanospan::Context caller = nanospan::Context::root().with_span_context(
      remote("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "vendor=1,other=t61rcWkgMzE"));
  const SpanContext linked = remote("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "");
  const SpanContext linked_with_state = remote("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b8", "k=v");
  Span span = tracer.start_span("everything", {.kind = nanospan::SpanKind::kServer,
                                               .attributes = {{"at.start", "yes"}},
                                               .start_unix_nanos = kStart,
                                               .parent = &caller});
  print("everything", span);
  set_every_type(span);
  span.add_event("first", {{"n", 1}, {"text", "t"}}, kStart + 10).add_event("second", {}, kStart + 20);
  span.add_link(linked).add_link(linked_with_state, {{"why", "retry"}});
  span.set_status(nanospan::StatusCode::kError, "boom: grüße");
  {
    const nanospan::Scope scope(span);
    Span child = tracer.start_span("child", {.kind = nanospan::SpanKind::kClient, .start_unix_nanos = kStart + 1});
    print("child", child);
    child.update_name("child ✓");
    child.set_status(nanospan::StatusCode::kError, "not this").set_status(nanospan::StatusCode::kOk);
    child.end(kStart + 5);
  }
  span.end(kStart + 1'000'000'000);
}

void send_more_than_the_limits(nanospan::Tracer& tracer) {
  Span span = tracer.start_span("limits", {.start_unix_nanos = kStart, .root = true});
  print("limits", span);
  const SpanContext linked = remote("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "");
  for (int i = 0; i < 130; ++i) {
    span.set("key " + std::to_string(i), i);
    span.add_event("event " + std::to_string(i), {}, kStart + static_cast<std::uint64_t>(i));
    span.add_link(linked);
  }
  span.add_event("no room any more").set("key 3", "again");
  span.end(kStart + 1);
}

}  // namespace

int main() {
  auto telemetry = nanospan::start({.service_name = "sender", .resource = {}});
  if (!telemetry) return 2;
  nanospan::Tracer tracer({.name = "interop.sender",
                           .version = "1.2.3",
                           .schema_url = "https://opentelemetry.io/schemas/1.30.0",
                           .attributes = {{"scope.kind", "test"}}});
  nanospan::Tracer plain({.name = ""});
  send_everything(tracer);
  send_more_than_the_limits(tracer);
  Span span = plain.start_span("nameless scope", {.kind = nanospan::SpanKind::kProducer, .root = true});
  print("nameless", span);
  span.end();
  return telemetry->shutdown(10'000) && telemetry->ledger().balances() && telemetry->ledger().exported == 4 ? 0 : 1;
}

// Ending a span off the inlined path: shared ones, those with hooks, dropped fields or a time of their own. Who claims
// the generation ends it, all others do nothing. Thread-safe.
#include <algorithm>
#include <cstring>
#include <exception>
#include <string>

#include <nanospan/diagnostics.h>

#include "sdk/diagnostics.h"
#include "sdk/runtime/ring.h"
#include "sdk/runtime/threads.h"
#include "sdk/runtime/ticks.h"
#include "sdk/trace/access.h"
#include "sdk/trace/lifecycle.h"
#include "sdk/trace/slab.h"
#include "wire/otlp_fields.h"
#include "wire/utf8.h"
#include "wire/writer.h"

namespace nanospan::sdk {
namespace {

using detail::BodyLayout;
using detail::Slab;

std::atomic<std::uint64_t> inherited{0};

// Takes the span away from all other holders. Null generation: the owner. False if it has ended already.
bool claim(Slab* slab, std::uint64_t generation) {
  const bool shared = generation != 0 || (detail::load_cold(slab) & Slab::kShared) != 0;
  if (shared) lock_slab(slab);
  const std::uint64_t now = slab->generation.load(std::memory_order_relaxed);
  const bool mine = generation == 0 || generation == now;
  if (mine) slab->generation.store(now + 1, std::memory_order_release);
  if (shared) unlock_slab(slab);
  return mine;
}

SpanContext context_of(const Slab* slab) {
  std::uint32_t flags;
  std::memcpy(&flags, slab->body + BodyLayout::kFlags, sizeof flags);
  return SpanContext(TraceId::from_bytes(slab->body + BodyLayout::kTraceId),
                     SpanId::from_bytes(slab->body + BodyLayout::kSpanId), static_cast<std::uint8_t>(flags), false);
}

// By the clock that the span was started with, so that no step of the other is in its duration.
std::uint64_t stop_unix_nanos(const Slab* slab, std::uint64_t ticks) {
  if ((detail::load_cold(slab) & Slab::kWallClock) != 0) return unix_now();
  return tick_clock().scale()->unix_nanos(ticks);
}

void call_on_ending(const Hooks& hooks, Slab* slab) {
  SpanRef span = SpanRefAccess::make(slab, slab->generation.load(std::memory_order_relaxed), context_of(slab));
  for (const auto& processor : hooks.processors) {
    try {
      processor->on_ending(span);
    } catch (...) {
      report("processor", "a processor's on_ending threw");
    }
  }
}

void call_on_end(const Hooks& hooks, Slab* slab) {
  const std::span<const std::uint8_t> bytes(slab->body, slab->cursor);
  const SpanView view = TracerRecord::of(slab->core).view(bytes, true);
  for (const auto& processor : hooks.processors) {
    try {
      processor->on_end(view);
    } catch (...) {
      report("processor", "a processor's on_end threw");
    }
  }
}

// trace/sdk.md "Span Limits": that something was discarded should be said, at most once a span.
void report_discarded(const Slab* slab) {
  const TracerRecord& record = TracerRecord::of(slab->core);
  const SpanLimits& limits = record.provider->limits;
  const std::uint32_t cold = detail::load_cold(slab);
  std::string what;
  const auto say = [&what](std::uint32_t count, const char* noun, bool at_limit, std::uint32_t limit,
                           const char* variable) {
    if (count == 0) return;
    what += (what.empty() ? "" : ", ") + std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
    what += at_limit ? " (at most " + std::to_string(limit) + ": " + variable + ")"
                     : std::string(" (empty key, SpanLimits::span_bytes_max or no memory)");
  };
  const auto say_inner = [&what](bool any, const char* noun, std::uint32_t limit, const char* variable) {
    if (!any) return;
    what += (what.empty() ? "" : ", ") + std::string("attributes of its ") + noun + " (at most " +
            std::to_string(limit) + " each, none without a key: " + variable + ")";
  };
  say(slab->dropped_attributes, "attribute", slab->keys >= limits.attribute_count_max, limits.attribute_count_max,
      "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT");
  say(slab->dropped_events, "event", slab->budget.events_left == 0, limits.event_count_max,
      "OTEL_SPAN_EVENT_COUNT_LIMIT");
  say(slab->dropped_links, "link", slab->budget.links_left == 0, limits.link_count_max, "OTEL_SPAN_LINK_COUNT_LIMIT");
  say_inner((cold & Slab::kEventsLack) != 0, "events", limits.attribute_per_event_count_max,
            "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT");
  say_inner((cold & Slab::kLinksLack) != 0, "links", limits.attribute_per_link_count_max,
            "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT");
  constexpr std::size_t kNameShownMax = 100;
  const SpanView view = record.view({slab->body, slab->cursor}, true);
  report("span", "discarded",
         "span \"" + std::string(wire::truncate_code_points(view.name(), kNameShownMax)) + "\" lost " + what);
}

void push(Slab* slab) {
  const std::size_t body_size = static_cast<std::size_t>(slab->cursor - slab->body);
  const std::size_t prefix = wire::bytes_field_size(wire::otlp::ScopeSpans::kSpans, body_size) - body_size;
  std::uint8_t* tag = slab->body - prefix;
  wire::put_message_header(tag, wire::otlp::ScopeSpans::kSpans, body_size);
  std::uint8_t* frame = tag - FrameHeader::kBytes;
  const std::size_t size = FrameHeader::kBytes + prefix + body_size;
  FrameHeader::make(FrameKind::kSpan, slab->frame_word, size).write(frame);
  push_frame_here(frame, size, slab->frame_word >> 56);
}

}  // namespace

void end_span(Slab* slab, std::uint64_t generation, std::uint64_t end_unix_nanos) {
  const std::uint64_t ticks = detail::read_ticks();
  // Zeroed by the kernel in a forked child. Of a slab that may be another span's by now nothing else may be read yet.
  if (slab->generation.load(std::memory_order_relaxed) == 0) {
    inherited.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (!claim(slab, generation)) return;
  ProviderCore& provider = *TracerRecord::of(slab->core).provider;
  const std::uint64_t start = start_unix_nanos(slab);
  const std::uint64_t stop = end_unix_nanos != 0 ? end_unix_nanos : stop_unix_nanos(slab, ticks);
  detail::store(slab->body + BodyLayout::kStart, start);
  detail::store(slab->body + BodyLayout::kEnd, std::max(start, stop));

  const PinnedHooks hooks((detail::load_cold(slab) & Slab::kHooks) != 0 ? &provider.hooks : nullptr);
  if (hooks) call_on_ending(*hooks, slab);
  if (slab->core == nullptr) return;  // a processor forked, and this is the child: the slab is the parent's
  // From here on what on_ending kept is stale too.
  const bool shared = (detail::load_cold(slab) & Slab::kShared) != 0;
  if (shared) lock_slab(slab);
  slab->generation.store(slab->generation.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  if (shared) unlock_slab(slab);
  const std::uint32_t cold = detail::load_cold(slab);
  if ((cold & (Slab::kStatus | Slab::kDropped)) != 0) append_final_fields(slab);
  if ((cold & (Slab::kDropped | Slab::kEventsLack | Slab::kLinksLack)) != 0) {
    try {
      report_discarded(slab);
    } catch (const std::exception&) {
      report("span", "discarded", "a span discarded something, and there is no memory to say what");
    }
  }
  if (hooks) call_on_end(*hooks, slab);
  if (slab->core == nullptr) return;  // as above
  if (provider.exports && (detail::load_cold(slab) & Slab::kUnsampled) == 0) push(slab);
  recycle(slab);
  give_back_slab(slab);
}

void hold_span(Slab* slab, std::uint64_t generation) {
  const OpenSlab open(slab, generation);
  if (open) slab->holders.fetch_add(1, std::memory_order_relaxed);
}

void release_span(Slab* slab, std::uint64_t generation) {
  bool last = false;
  {
    const OpenSlab open(slab, generation);
    last = open && slab->holders.fetch_sub(1, std::memory_order_relaxed) == 1;
  }
  if (last) end_span(slab, generation, 0);
}

void forget_inherited_spans() { inherited.store(0, std::memory_order_relaxed); }

}  // namespace nanospan::sdk

std::uint64_t nanospan::inherited_spans() { return sdk::inherited.load(std::memory_order_relaxed); }

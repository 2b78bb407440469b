// Starting a span off the inlined path: custom samplers and ids, hooks, links, tracestate, a start time of its own.
// Thread-safe.
#include <exception>

#include "sdk/diagnostics.h"
#include "sdk/runtime/suppression.h"
#include "sdk/runtime/threads.h"
#include "sdk/runtime/ticks.h"
#include "sdk/trace/access.h"
#include "sdk/trace/lifecycle.h"
#include "sdk/trace/slab.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::sdk {
namespace {

using detail::BodyLayout;
using detail::Slab;
using detail::TracerIdentity;

// The tracer's record: the one it found before if that lives, else the default provider's. Null if there is none.
TracerRecord* resolve(TracerIdentity& identity) {
  detail::TracerCore* core = identity.core.load(std::memory_order_acquire);
  if (core != nullptr &&
      (identity.bound || (core->mode.load(std::memory_order_acquire) & detail::TracerCore::kOn) != 0)) {
    return &TracerRecord::of(core);
  }
  ProviderCore* provider = default_provider();
  if (provider == nullptr || identity.bound) return nullptr;
  TracerRecord* record = find_tracer(
      *provider,
      {identity.name, identity.version, identity.schema_url, Attributes(static_cast<Attributes>(identity.attributes))},
      /*bound=*/false);
  identity.core.store(&record->core, std::memory_order_release);
  return record;
}

// What the user's generator makes; the invalid id if there is none, it throws, or its id is invalid.
template <class Id, class Make>
Id generated(const ProviderCore& provider, Make&& make) {
  if (provider.id_generator == nullptr) return Id();
  try {
    if (const Id id = make(*provider.id_generator); id.is_valid()) return id;
  } catch (...) {
  }
  report("id_generator", "the id generator threw or made an all-zero id; a random one is used");
  return Id();
}

TraceId new_trace_id(const ProviderCore& provider) {
  const auto id = generated<TraceId>(provider, [](IdGenerator& generator) { return generator.new_trace_id(); });
  if (id.is_valid()) return id;
  const std::uint64_t words[2] = {random_word(), random_word()};
  return TraceId::from_bytes(words);
}

SpanId new_span_id(const ProviderCore& provider) {
  const auto id = generated<SpanId>(provider, [](IdGenerator& generator) { return generator.new_span_id(); });
  if (id.is_valid()) return id;
  const std::uint64_t word = random_word();
  return SpanId::from_bytes(&word);
}

// Asks the sampler; what it throws counts as a drop.
SamplingResult ask_sampler(const Sampler& sampler, const SamplingParameters& parameters) {
  try {
    return sampler.should_sample(parameters);
  } catch (const std::exception& exception) {
    report("sampler", std::string("a sampler threw, the span is dropped: ") + exception.what());
  } catch (...) {
    report("sampler", "a sampler threw something that is no std::exception, the span is dropped");
  }
  return {};
}

std::uint64_t word_at(const std::uint8_t* bytes) { return detail::load<std::uint64_t>(bytes); }

// Fills a fresh slab with the fixed fields, tracestate and name.
void write_start(Slab* slab, TracerRecord& record, const SpanContext& context, const SpanContext& parent,
                 std::string_view name, SpanKind kind) {
  std::uint8_t* body = slab->body;
  detail::store(body + BodyLayout::kTraceId, word_at(context.trace_id().data()));
  detail::store(body + BodyLayout::kTraceId + 8, word_at(context.trace_id().data() + 8));
  detail::store(body + BodyLayout::kSpanId, word_at(context.span_id().data()));
  body[BodyLayout::kKind] = static_cast<std::uint8_t>(kind);
  std::uint32_t flags = detail::kFlagHasIsRemote | context.trace_flags();
  std::uint8_t* cursor = body + BodyLayout::kRootBytes;
  if (parent.is_valid()) {
    if (parent.is_remote()) flags |= detail::kFlagIsRemote;
    detail::store<std::uint16_t>(body + BodyLayout::kParentTag, 0x0822);
    detail::store(body + BodyLayout::kParentId, word_at(parent.span_id().data()));
    cursor = body + BodyLayout::kChildBytes;
  }
  detail::store(body + BodyLayout::kFlags, flags);
  slab->limit = slab->inline_limit();
  slab->bloom = record.core.bloom_seed;
  slab->keys = 0;
  slab->frame_word = record.core.frame_word;
  slab->core = &record.core;
  slab->budget = record.core.budget;
  detail::store_cursor(slab, cursor);

  OpenSlab open(slab, 0);
  if (!context.trace_state().empty()) {
    const std::string_view header = context.trace_state().header();
    if (std::uint8_t* to = open.reserve(wire::bytes_field_size(wire::otlp::Span::kTraceState, header.size()))) {
      open.commit(wire::put_bytes_field(to, wire::otlp::Span::kTraceState, header));
    }
  }
  update_name(slab, 0, name);
}

void set_start_time(Slab* slab, std::uint64_t given) {
  const detail::ThreadState* thread = detail::thread_locals().state;
  if (given == 0 && thread != nullptr && thread->clock.load(std::memory_order_relaxed) != nullptr) {
    slab->start = detail::read_ticks();
    return;
  }
  slab->start = given != 0 ? given : unix_now();
  detail::add_cold(slab, Slab::kWallClock);
}

void call_on_start(const Hooks& hooks, Slab* slab, const SpanContext& context, const Context& parent) {
  SpanRef span = SpanRefAccess::make(slab, slab->generation.load(std::memory_order_relaxed), context);
  for (const auto& processor : hooks.processors) {
    try {
      processor->on_start(span, parent);
    } catch (...) {
      report("processor", "a processor's on_start threw");
    }
  }
}

// Makes the recording span that `result` asks for. False if memory is refused.
bool open_span(TracerRecord& record, const SpanContext& context, const Context& parent, std::string_view name,
               const StartOptions& options, const SamplingResult& result, Slab** out) {
  Slab* slab = take_slab();
  if (slab == nullptr) {
    report("tracer", "no memory for another recording span; it is not sampled");
    return false;
  }
  write_start(slab, record, context, parent.span_context(), name, options.kind);
  for (const Link& link : options.links) add_link(slab, 0, link.context, link.attributes);
  for (const Attribute& attribute : options.attributes) set_attribute(slab, 0, attribute.key, attribute.value);
  for (const Attribute& attribute : result.attributes) set_attribute(slab, 0, attribute.key, attribute.value);
  if (result.decision == SamplingDecision::kRecordOnly) detail::add_cold(slab, Slab::kUnsampled);
  const PinnedHooks hooks(record.provider->has_hooks ? &record.provider->hooks : nullptr);
  if (hooks) detail::add_cold(slab, Slab::kHooks);
  set_start_time(slab, options.start_unix_nanos);
  *out = slab;
  if (hooks) call_on_start(*hooks, slab, context, parent);
  return true;
}

bool generator_is_random(const ProviderCore& provider) {
  return provider.id_generator == nullptr || provider.id_generator->is_random();
}

}  // namespace

namespace {

const Context& parent_of(const StartOptions& options) {
  if (options.root) return Context::root();
  return options.parent != nullptr ? *options.parent : Context::current();
}

// What it throws, it throws before it has a slab: all that changes one is guarded.
void start_or_throw(TracerIdentity& identity, std::string_view name, const StartOptions& options, Slab** slab,
                    SpanContext* context) {
  const Context& parent = parent_of(options);
  const SpanContext& parent_span = parent.span_context();
  TracerRecord* record = tracing_suppressed() ? nullptr : resolve(identity);
  if (record == nullptr || (record->core.mode.load(std::memory_order_acquire) & detail::TracerCore::kOn) == 0) {
    *context = parent_span;  // trace/api.md "Behavior of the API in the absence of an installed SDK"
    return;
  }
  // trace/sdk.md "SDK Span creation": trace id, sampler, span id whatever the decision, span.
  const ProviderCore& provider = *record->provider;
  const bool child = parent_span.is_valid();
  // A valid *context is what the inlined path drew before it found that it needs us: a root keeps that trace id.
  const TraceId trace_id = child                 ? parent_span.trace_id()
                           : context->is_valid() ? context->trace_id()
                                                 : new_trace_id(provider);
  const SamplingResult result =
      ask_sampler(*provider.sampler, {parent, trace_id, name, options.kind, options.attributes, options.links});
  const SpanId span_id = new_span_id(provider);
  TraceState trace_state = result.trace_state.has_value() ? *result.trace_state
                           : child                        ? parent_span.trace_state()
                                                          : TraceState();
  const bool random = child ? parent_span.is_random() : generator_is_random(provider);
  const std::uint8_t random_flag = random ? TraceFlags::kRandom : 0;
  const bool sampled = result.decision == SamplingDecision::kRecordAndSample;
  *context = SpanContext(trace_id, span_id, random_flag | (sampled ? TraceFlags::kSampled : 0), false, trace_state);
  if (result.decision == SamplingDecision::kDrop) return;
  if (!open_span(*record, *context, parent, name, options, result, slab)) {
    *context = SpanContext(trace_id, span_id, random_flag, false, std::move(trace_state));
  }
}

}  // namespace

void start_span(TracerIdentity& identity, std::string_view name, const StartOptions& options, Slab** slab,
                SpanContext* context) {
  try {
    start_or_throw(identity, name, options, slab, context);
  } catch (const std::exception&) {
    *context = parent_of(options).span_context();
    report("tracer", "no memory to start a span; it does not record");
  }
}

bool tracer_enabled(TracerIdentity& identity) {
  if (tracing_suppressed()) return false;
  TracerRecord* record = nullptr;
  try {
    record = resolve(identity);
  } catch (const std::exception&) {
    return false;
  }
  if (record == nullptr || (record->core.mode.load(std::memory_order_acquire) & detail::TracerCore::kOn) == 0)
    return false;
  return record->provider->has_hooks || record->provider->exports;
}

}  // namespace nanospan::sdk

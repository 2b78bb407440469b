// What the SDK knows of a provider and of each of its tracers. Both live for ever: spans may end after their provider
// has gone.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <nanospan/tracer_provider.h>

#include "sdk/trace/hooks.h"
#include "sdk/trace/value_encoder.h"

namespace nanospan::sdk {

struct TracerRecord;

struct ProviderCore {
  Resource resource;
  std::string resource_fields;                              ///< Of ResourceSpans: resource, schema_url.
  int process = 0;                                          ///< The process that the resource speaks of.
  std::vector<std::unique_ptr<Resource>> former_resources;  ///< Of the processes that this one was forked from.
  SpanLimits limits;
  SamplerPtr sampler;
  std::shared_ptr<IdGenerator> id_generator;  ///< Null = the built-in random one.
  std::size_t slot = 0;                       ///< In the per-thread counters and frame headers.
  std::uint32_t open_mode = 0;                ///< TracerCore::mode of its tracers while it lives.
  std::uint64_t threshold = 0;

  std::atomic<bool> open{true};
  HookSlot hooks;  ///< Of the processors that see each span.
  bool has_hooks = false;
  bool exports = false;  ///< At least one batch pipeline: sampled spans go to the rings.
  /// The inlined path decides by a ratio whether a parent's is known or not: the drain says so when it meets a child.
  std::atomic<bool> watches_children{false};

  /// Spans that came out of the rings after the pipelines had gone.
  std::atomic<std::uint64_t> late_spans{0};
  /// Who has the slot now, if another one does.
  std::atomic<ProviderCore*> successor{nullptr};
  /// Late spans of those who had the slot before: its counters have them, too.
  std::atomic<std::uint64_t> stray_spans{0};

  ProviderCore* next = nullptr;  ///< In the list of all that were ever made.
  /// By a hash of the scope; guarded by the lock of all providers.
  std::unordered_multimap<std::size_t, TracerRecord*> tracers;
  TracerRecord* first_tracer = nullptr;

  ValueLimits value_limits() const { return {limits.attribute_value_length_max, limits.attribute_value_depth_max}; }
};

struct TracerRecord {
  detail::TracerCore core;  ///< First: the slab's pointer to it is a pointer to the record.
  ProviderCore* provider;
  std::uint16_t index;
  bool bound;  ///< Of tracers that the provider itself gave; others follow the default provider.
  std::string name;
  std::string version;
  std::string schema_url;
  AttributeList attributes;
  InstrumentationScope scope;  ///< Views of the above.
  std::string scope_fields;    ///< Of ScopeSpans: scope, schema_url.

  static TracerRecord& of(detail::TracerCore* core) { return *reinterpret_cast<TracerRecord*>(core); }
  SpanView view(std::span<const std::uint8_t> bytes, bool ended) const {
    return {bytes, provider->resource, scope, ended};
  }
};

/// A record that is kept for ever.
ProviderCore& make_provider_core();

/// Taken by fork handlers: no child inherits a provider in the middle of a change. Taken before the threads' locks.
void lock_providers();
void unlock_providers();
/// The list of all that were ever made. REQUIRES: locked.
ProviderCore* first_provider_core();

/// Tracers that a provider may have; later scopes share the record of its first.
inline constexpr std::size_t kProviderTracersMax = 4096;
/// Tracers over all providers that a process ever had, as records live for ever: what the index in a frame can name.
inline constexpr std::size_t kTracersMax = 65536;

/// The record of this scope, made on first use. Never null; at the process's bound one that does not record. Unbound
/// tracers have records of their own, which record only while their provider is the default one.
TracerRecord* find_tracer(ProviderCore& provider, const InstrumentationScope& scope, bool bound = true);
/// By the index in a frame header.
TracerRecord* tracer_at(std::uint16_t index);
/// By the scope that a SpanView gives, in constant time and without a lock; null if it is none of ours.
const TracerRecord* tracer_of(const InstrumentationScope& scope);
/// Stops the provider's tracers: spans started from now on do not record.
void close_tracers(ProviderCore& provider);

/// The provider of unbound tracers; null until one is made the default.
ProviderCore* default_provider();
/// Unbound tracers that record for the one before go over to `provider` with their next span.
void set_default_provider(ProviderCore* provider);
/// The same, if `provider` is the default one: there is none then.
void unset_default_provider(const ProviderCore& provider);

}  // namespace nanospan::sdk

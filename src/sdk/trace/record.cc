// A table by the hash of the scope; entries are never removed, so that a span may refer to its own for ever. Thread-
// safe under the lock of all providers.
#include "sdk/trace/record.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>

#include "sdk/diagnostics.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::sdk {
namespace {

std::atomic<TracerRecord*> records[kTracersMax];
std::uint32_t record_count = 0;  // guarded by providers_mutex
// The same by the address of their scope, which is what a view has: open addressing, at most half full, only ever added
// to, so that looking one up takes no lock. Written under providers_mutex.
constexpr unsigned kScopeBucketBits = 17;
std::atomic<const TracerRecord*> by_scope[std::size_t{1} << kScopeBucketBits];
static_assert(std::size(by_scope) >= 2 * kTracersMax);
std::atomic<ProviderCore*> the_default{nullptr};
// One for all providers, as looking a tracer up is rare, and fork handlers must take whatever there is.
std::mutex providers_mutex;
ProviderCore* first_provider = nullptr;  // guarded by providers_mutex

std::string encode_scope(const TracerRecord& record) {
  std::string scope;
  std::string scratch;
  wire::Appender append(scope);
  if (!record.name.empty())
    append.bytes_field(wire::otlp::InstrumentationScope::kName, valid_text(record.name, scratch));
  if (!record.version.empty()) {
    append.bytes_field(wire::otlp::InstrumentationScope::kVersion, valid_text(record.version, scratch));
  }
  append_attributes(scope, wire::otlp::InstrumentationScope::kAttributes, record.attributes, SpanLimits::kUnlimited,
                    {});
  std::string fields;
  wire::Appender outer(fields);
  outer.bytes_field(wire::otlp::ScopeSpans::kScope, scope);
  if (!record.schema_url.empty()) {
    outer.bytes_field(wire::otlp::ScopeSpans::kSchemaUrl, valid_text(record.schema_url, scratch));
  }
  return fields;
}

bool same_attributes(const AttributeList& a, const Attributes& b) {
  std::string left, right;
  append_attributes(left, 1, a, SpanLimits::kUnlimited, {});
  append_attributes(right, 1, b, SpanLimits::kUnlimited, {});
  return left == right;
}

// Where the search for a scope begins (Knuth's multiplicative hash).
std::size_t bucket_of(const InstrumentationScope* scope) {
  return reinterpret_cast<std::uintptr_t>(scope) * 0x9E3779B97F4A7C15U >> (64 - kScopeBucketBits);
}
std::size_t bucket_after(std::size_t bucket) { return (bucket + 1) % std::size(by_scope); }

// REQUIRES: the lock of all providers.
void index_by_scope(const TracerRecord* record) {
  std::size_t bucket = bucket_of(&record->scope);
  while (by_scope[bucket].load(std::memory_order_relaxed) != nullptr) bucket = bucket_after(bucket);
  by_scope[bucket].store(record, std::memory_order_release);
}

// Attributes, which few scopes have, are left to the comparison.
std::size_t hash_of(const InstrumentationScope& scope, bool bound) {
  const std::hash<std::string_view> hash;
  return ((hash(scope.name) * 31 + hash(scope.version)) * 31 + hash(scope.schema_url)) * 2 + (bound ? 1 : 0);
}

bool is_of(const TracerRecord& record, const InstrumentationScope& scope, bool bound) {
  return record.bound == bound && record.name == scope.name && record.version == scope.version &&
         record.schema_url == scope.schema_url && same_attributes(record.attributes, scope.attributes);
}

// The count limit is checked by saturating the bloom filter, 64 keys before the limit: the inlined path then looks at
// the count with each key, and goes to the checked one at the limit. Small limits are checked from the first key on.
void set_key_limits(detail::TracerCore& core, std::uint32_t count_max) {
  constexpr std::uint32_t kBits = detail::Slab::kBloomBits;
  const std::uint32_t checked = std::min(count_max, detail::Slab::kFingerprints);
  core.unchecked_keys = checked > kBits ? checked - kBits : 0;
  core.bloom_seed = checked > kBits ? 0 : ~std::uint64_t{0};
}

// REQUIRES: the lock of all providers.
std::uint32_t mode_of(const ProviderCore& provider, bool bound) {
  return provider.open.load() && (bound || the_default.load() == &provider) ? provider.open_mode : 0;
}

// REQUIRES: the lock of all providers.
void set_modes(const ProviderCore& provider) {
  for (const auto& [hash, record] : provider.tracers) {
    record->core.mode.store(mode_of(provider, record->bound), std::memory_order_release);
  }
}

// REQUIRES: the lock of all providers.
void change_default(ProviderCore* provider) {
  const ProviderCore* before = the_default.exchange(provider, std::memory_order_acq_rel);
  if (before != nullptr) set_modes(*before);
  if (provider != nullptr) set_modes(*provider);
}

std::unique_ptr<TracerRecord> make_record(ProviderCore& provider, const InstrumentationScope& scope, bool bound,
                                          std::uint16_t index) {
  auto record = std::make_unique<TracerRecord>();
  record->provider = &provider;
  record->index = index;
  record->bound = bound;
  record->name = scope.name;
  record->version = scope.version;
  record->schema_url = scope.schema_url;
  record->attributes = AttributeList(scope.attributes);
  record->scope = {record->name, record->version, record->schema_url,
                   Attributes(static_cast<Attributes>(record->attributes))};
  record->scope_fields = encode_scope(*record);
  detail::TracerCore& core = record->core;
  core.mode.store(mode_of(provider, bound), std::memory_order_relaxed);
  core.threshold = provider.threshold;
  core.budget = {provider.limits.event_count_max, provider.limits.link_count_max};
  core.frame_word = static_cast<std::uint64_t>(provider.slot) << 56 | static_cast<std::uint64_t>(index) << 32;
  set_key_limits(core, provider.limits.attribute_count_max);
  // Short values fit every limit but a very short one; then every set takes the checked path.
  if (provider.limits.attribute_value_length_max < detail::kInlineMessageMax) {
    core.unchecked_keys = 0;
    core.bloom_seed = ~std::uint64_t{0};
  }
  return record;
}

// Of a provider that never was open. Frames never carry its index.
TracerRecord* silent_record() {
  static TracerRecord* const record = [] {
    auto closed = std::make_unique<ProviderCore>();  // in no list, so that no lock is taken here
    closed->open.store(false);
    auto made = make_record(*closed, {}, true, 0);
    static_cast<void>(closed.release());
    return made.release();
  }();
  return record;
}

}  // namespace

ProviderCore& make_provider_core() {
  const std::lock_guard lock(providers_mutex);
  auto* core = new ProviderCore;
  core->next = first_provider;
  first_provider = core;
  return *core;
}

void lock_providers() { providers_mutex.lock(); }

void unlock_providers() { providers_mutex.unlock(); }

ProviderCore* first_provider_core() { return first_provider; }

TracerRecord* find_tracer(ProviderCore& provider, const InstrumentationScope& scope, bool bound) {
  const DeferredReports reports;
  const std::lock_guard lock(providers_mutex);
  const std::size_t hash = hash_of(scope, bound);
  const auto [begin, end] = provider.tracers.equal_range(hash);
  for (auto found = begin; found != end; ++found) {
    if (is_of(*found->second, scope, bound)) return found->second;
  }
  if (provider.tracers.size() >= kProviderTracersMax) {
    report("tracer",
           "more than 4096 tracers; later scopes are reported as the first one: keep tracers instead of making "
           "one for each use with changing names");
    return provider.first_tracer;
  }
  const std::uint32_t index = record_count;
  if (index >= kTracersMax) {
    report("tracer", "more than 65536 tracers in the life of this process; later ones do not record");
    return silent_record();
  }
  auto made = make_record(provider, scope, bound, static_cast<std::uint16_t>(index));
  provider.tracers.emplace(hash, made.get());  // the last that may throw
  TracerRecord* const record = made.release();
  ++record_count;
  records[index].store(record, std::memory_order_release);
  index_by_scope(record);
  if (provider.first_tracer == nullptr) provider.first_tracer = record;
  return record;
}

TracerRecord* tracer_at(std::uint16_t index) { return records[index].load(std::memory_order_acquire); }

const TracerRecord* tracer_of(const InstrumentationScope& scope) {
  for (std::size_t bucket = bucket_of(&scope);; bucket = bucket_after(bucket)) {
    const TracerRecord* record = by_scope[bucket].load(std::memory_order_acquire);
    if (record == nullptr || &record->scope == &scope) return record;
  }
}

void close_tracers(ProviderCore& provider) {
  const std::lock_guard lock(providers_mutex);
  provider.open.store(false);
  set_modes(provider);
}

ProviderCore* default_provider() { return the_default.load(std::memory_order_acquire); }

void set_default_provider(ProviderCore* provider) {
  const std::lock_guard lock(providers_mutex);
  change_default(provider);
}

void unset_default_provider(const ProviderCore& provider) {
  const std::lock_guard lock(providers_mutex);
  if (the_default.load() == &provider) change_default(nullptr);
}

}  // namespace nanospan::sdk

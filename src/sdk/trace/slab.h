// The checked half of everything done to a recording span: duplicates, limits, repair, growth, and spans shared by
// threads.
//
// Each function is one entry of the Api table; their contracts are in include/nanospan/detail/abi.h. A stale
// generation, or a slab that was zeroed by a fork, makes them do nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nanospan/span.h>

#include "sdk/trace/record.h"

namespace nanospan::sdk {

/// What few spans need beside their bytes.
struct SlabExtra {
  std::string status_description;
  /// Hashes of all keys, in a span with more of them than fingerprints: looking for one must not read the whole span.
  std::unordered_set<std::size_t> keys;
  bool has_keys = false;
};

/// A slab made safe to change: locked if it is shared, checked for being the span that the caller means.
class OpenSlab {
 public:
  OpenSlab(detail::Slab* slab, std::uint64_t generation);
  OpenSlab(const OpenSlab&) = delete;
  OpenSlab& operator=(const OpenSlab&) = delete;
  ~OpenSlab();

  /// False if there is no such span any more.
  explicit operator bool() const { return slab_ != nullptr; }
  TracerRecord& record() const { return TracerRecord::of(slab_->core); }
  const SpanLimits& limits() const { return record().provider->limits; }

  /// Room for `bytes` at the cursor, growing if need be; null if the span would hold more than span_bytes_max.
  std::uint8_t* reserve(std::size_t bytes) { return reserve(bytes, limits().span_bytes_max); }
  std::uint8_t* reserve(std::size_t bytes, std::size_t span_bytes_max);
  void commit(std::uint8_t* end) { detail::store_cursor(slab_, end); }
  /// Removes bytes that were written before.
  void erase(std::uint8_t* from, std::uint8_t* to);

 private:
  detail::Slab* slab_;
  detail::Slab* locked_ = nullptr;
};

void set_attribute(detail::Slab* slab, std::uint64_t generation, std::string_view key, const AttributeValue& value);
void add_event(detail::Slab* slab, std::uint64_t generation, std::string_view name, const Attributes& attributes,
               std::uint64_t unix_nanos);
void add_link(detail::Slab* slab, std::uint64_t generation, const SpanContext& context, const Attributes& attributes);
void set_status(detail::Slab* slab, std::uint64_t generation, StatusCode code, std::string_view description);
void update_name(detail::Slab* slab, std::uint64_t generation, std::string_view name);
void share(detail::Slab* slab, std::uint64_t generation);

/// When the span started.
std::uint64_t start_unix_nanos(const detail::Slab* slab);
/// The OTLP Span as it is now, with what is otherwise written at the end, and its tracer's record; no bytes and null if
/// there is no such span any more.
std::pair<std::vector<std::uint8_t>, const TracerRecord*> copy_of(detail::Slab* slab, std::uint64_t generation);
/// Appends what is written once, at the end: dropped counts and status. REQUIRES: exclusive use of the slab.
void append_final_fields(detail::Slab* slab);
/// Frees heap blocks and restores the slab to the free state. REQUIRES: exclusive use of the slab.
void recycle(detail::Slab* slab);

void lock_slab(detail::Slab* slab);
void unlock_slab(detail::Slab* slab);

}  // namespace nanospan::sdk

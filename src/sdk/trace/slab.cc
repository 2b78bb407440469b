// Everything is done on the wire bytes: an attribute that is set again is cut out and appended. The slab's owner, or
// who has its lock.
#include "sdk/trace/slab.h"

#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <new>

#include "sdk/diagnostics.h"
#include "sdk/runtime/threads.h"
#include "sdk/runtime/ticks.h"
#include "wire/otlp_fields.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nanospan::sdk {
namespace {

using detail::Slab;
namespace otlp = wire::otlp;

std::string_view bytes_between(const std::uint8_t* from, const std::uint8_t* to) {
  return {reinterpret_cast<const char*>(from), static_cast<std::size_t>(to - from)};
}

// Where in the span's own bytes a field lies, tag included.
struct Range {
  std::uint8_t* from = nullptr;
  std::uint8_t* to = nullptr;
};

Range range_of(std::string_view raw) {
  auto* from = reinterpret_cast<std::uint8_t*>(const_cast<char*>(raw.data()));
  return {from, from + raw.size()};
}

Range find_attribute(const Slab* slab, std::string_view key) {
  wire::Reader fields(bytes_between(slab->body, slab->cursor));
  while (fields.next()) {
    if (!fields.is(otlp::Span::kAttributes, wire::WireType::kBytes)) continue;
    wire::Reader entry = fields.message();
    if (entry.next() && entry.is(otlp::KeyValue::kKey, wire::WireType::kBytes) && entry.bytes() == key) {
      return range_of(fields.raw_field());
    }
  }
  return {};
}

Range find_name(const Slab* slab) {
  wire::Reader fields(bytes_between(slab->body, slab->cursor));
  while (fields.next()) {
    if (fields.is(otlp::Span::kName, wire::WireType::kBytes)) return range_of(fields.raw_field());
  }
  return {};
}

SlabExtra& extra_of(Slab* slab) {
  if (slab->extra == nullptr) slab->extra = new SlabExtra;
  return *static_cast<SlabExtra*>(slab->extra);
}

std::size_t index_hash(std::string_view key) { return std::hash<std::string_view>()(key); }

// Made when it is first asked for.
const std::unordered_set<std::size_t>& key_index(Slab* slab) {
  SlabExtra& extra = extra_of(slab);
  if (extra.has_keys) return extra.keys;
  extra.keys.clear();
  wire::Reader fields(bytes_between(slab->body, slab->cursor));
  while (fields.next()) {
    if (!fields.is(otlp::Span::kAttributes, wire::WireType::kBytes)) continue;
    wire::Reader entry = fields.message();
    if (entry.next() && entry.is(otlp::KeyValue::kKey, wire::WireType::kBytes)) {
      extra.keys.insert(index_hash(entry.bytes()));
    }
  }
  extra.has_keys = true;
  return extra.keys;
}

// False: certainly not. `hash` is the one of fingerprints.
bool may_have_key(Slab* slab, std::string_view key, std::uint64_t hash) {
  if (slab->keys > Slab::kFingerprints) {
    try {
      return key_index(slab).contains(index_hash(key));
    } catch (const std::bad_alloc&) {
      return true;
    }
  }
  for (std::uint32_t i = 0; i < slab->keys; ++i) {
    if (slab->fingerprints[i] == static_cast<std::uint32_t>(hash)) return true;
  }
  return false;
}

void note_key(Slab* slab, std::string_view key, std::uint64_t hash) {
  if (auto* extra = static_cast<SlabExtra*>(slab->extra); extra != nullptr && extra->has_keys) {
    try {
      extra->keys.insert(index_hash(key));
    } catch (const std::bad_alloc&) {
      extra->has_keys = false;
    }
  }
  if (slab->keys < Slab::kFingerprints) slab->fingerprints[slab->keys] = static_cast<std::uint32_t>(hash);
  ++slab->keys;
  slab->bloom |= std::uint64_t{1} << (hash >> 58);
  if (slab->keys >= slab->core->unchecked_keys) slab->bloom = ~std::uint64_t{0};
}

void drop_attribute(Slab* slab) {
  ++slab->dropped_attributes;
  detail::add_cold(slab, Slab::kDropped);
}

// Writes `message` as field `field`. False at the span's size limit.
bool append_message(OpenSlab& open, std::uint32_t field, std::string_view message) {
  std::uint8_t* to = open.reserve(wire::bytes_field_size(field, message.size()));
  if (to == nullptr) return false;
  open.commit(wire::put_bytes_field(to, field, message));
  return true;
}

constexpr std::size_t kCountsAndCode = 3 * (1 + 5) + 2 + 2;
constexpr std::size_t kLengths = 2 * (1 + 5);

std::string_view description_of(const Slab* slab) {
  const auto* extra = static_cast<const SlabExtra*>(slab->extra);
  return extra != nullptr ? std::string_view(extra->status_description) : std::string_view();
}

std::uint8_t* put_final_fields(std::uint8_t* to, const Slab* slab, std::string_view description) {
  const auto count = [&](std::uint32_t field, std::uint32_t value) {
    if (value != 0) to = wire::put_varint_field(to, field, value);
  };
  count(otlp::Span::kDroppedAttributesCount, slab->dropped_attributes);
  count(otlp::Span::kDroppedEventsCount, slab->dropped_events);
  count(otlp::Span::kDroppedLinksCount, slab->dropped_links);
  if (slab->status == 0) return to;
  const std::size_t message_size =
      description.empty() ? 0 : wire::bytes_field_size(otlp::SpanStatus::kMessage, description.size());
  to = wire::put_message_header(to, otlp::Span::kStatus,
                                message_size + wire::varint_field_size(otlp::SpanStatus::kCode, slab->status));
  if (!description.empty()) to = wire::put_bytes_field(to, otlp::SpanStatus::kMessage, description);
  return wire::put_varint_field(to, otlp::SpanStatus::kCode, slab->status);
}

}  // namespace

void lock_slab(Slab* slab) {
  for (unsigned tries = 0; slab->lock.exchange(1, std::memory_order_acquire) != 0;) {
    if (++tries % 64 == 0) sched_yield();
  }
}

void unlock_slab(Slab* slab) { slab->lock.store(0, std::memory_order_release); }

OpenSlab::OpenSlab(Slab* slab, std::uint64_t generation) : slab_(slab) {
  // Only the owner passes 0, and only the owner may look at `cold` without the lock.
  if (generation != 0 || (detail::load_cold(slab) & Slab::kShared) != 0) {
    lock_slab(slab);
    locked_ = slab;
    if (generation != 0 && slab->generation.load(std::memory_order_relaxed) != generation) slab_ = nullptr;
  }
  if (slab_ != nullptr && slab_->core == nullptr) slab_ = nullptr;
}

OpenSlab::~OpenSlab() {
  if (locked_ != nullptr) unlock_slab(locked_);
}

std::uint8_t* OpenSlab::reserve(std::size_t bytes, std::size_t span_bytes_max) {
  const bool grown = (detail::load_cold(slab_) & Slab::kGrown) != 0;
  const std::size_t used = static_cast<std::size_t>(slab_->cursor - slab_->body);
  if (used + bytes > span_bytes_max) return nullptr;
  const std::size_t needed = used + bytes + Slab::kSlack;
  // A grown block has its size in front; see below.
  std::size_t capacity = Slab::kBufferBytes - Slab::kHeadRoom;
  if (grown) std::memcpy(&capacity, slab_->body - 2 * Slab::kHeadRoom, sizeof capacity);
  if (needed <= capacity) return slab_->cursor;
  std::size_t larger = capacity * 2;
  while (larger < needed) larger *= 2;
  auto* block = static_cast<std::uint8_t*>(std::malloc(2 * Slab::kHeadRoom + larger + detail::kCopySlack));
  if (block == nullptr) return nullptr;
  std::memcpy(block, &larger, sizeof larger);
  std::uint8_t* body = block + 2 * Slab::kHeadRoom;
  std::memcpy(body, slab_->body, used);
  if (grown) std::free(slab_->body - 2 * Slab::kHeadRoom);
  slab_->body = body;
  detail::add_cold(slab_, Slab::kGrown);
  // The inlined path does not look at the size limit: it ends a slack before it.
  if ((detail::load_cold(slab_) & Slab::kShared) == 0)
    slab_->limit = body + std::min(larger, span_bytes_max) - Slab::kSlack;
  commit(body + used);
  return slab_->cursor;
}

void OpenSlab::erase(std::uint8_t* from, std::uint8_t* to) {
  std::memmove(from, to, static_cast<std::size_t>(slab_->cursor - to));
  commit(slab_->cursor - (to - from));
}

namespace {

// Makes a change to a span. What there is no memory for is lost and counted in `count`, where there is one; nothing is
// thrown through the API (decision 0003).
template <class Change>
void change(Slab* slab, std::uint64_t generation, std::uint32_t Slab::*count, Change&& make) {
  {
    OpenSlab open(slab, generation);
    if (!open) return;
    try {
      return make(open);
    } catch (const std::exception&) {
      if (count != nullptr) {
        ++(slab->*count);
        detail::add_cold(slab, Slab::kDropped);
      }
    }
  }
  report("span", "no memory for what a span was given; it lacks an attribute, event, link, name or status description");
}

}  // namespace

void set_attribute(Slab* slab, std::uint64_t generation, std::string_view key, const AttributeValue& value) {
  change(slab, generation, &Slab::dropped_attributes, [&](OpenSlab& open) {
    if (key.empty()) return drop_attribute(slab);
    std::string scratch;
    key = valid_text(key, scratch);
    const std::uint64_t hash = Literal::hash_of(key.data(), key.size());
    Range old;
    if (may_have_key(slab, key, hash)) old = find_attribute(slab, key);
    if (old.from == nullptr && slab->keys >= open.limits().attribute_count_max) return drop_attribute(slab);

    const ValueLimits limits = open.record().provider->value_limits();
    const std::size_t any_size = any_value_size(value, limits);
    const std::size_t message_size = key_value_size(key, any_size);
    const std::ptrdiff_t old_offset = old.from - slab->body;
    const std::ptrdiff_t old_size = old.to - old.from;
    // The old one goes first, so only what is more needs room: replacing by something no longer always succeeds.
    const std::size_t field_size = wire::bytes_field_size(otlp::Span::kAttributes, message_size);
    const std::size_t more = field_size - std::min(field_size, static_cast<std::size_t>(old_size));
    if (open.reserve(more) == nullptr) return drop_attribute(slab);
    if (old_size != 0) {
      open.erase(slab->body + old_offset, slab->body + old_offset + old_size);
    } else {
      note_key(slab, key, hash);
    }
    std::uint8_t* to = wire::put_message_header(slab->cursor, otlp::Span::kAttributes, message_size);
    open.commit(put_key_value(to, key, value, any_size, limits));
  });
}

void add_event(Slab* slab, std::uint64_t generation, std::string_view name, const Attributes& attributes,
               std::uint64_t unix_nanos) {
  change(slab, generation, &Slab::dropped_events, [&](OpenSlab& open) {
    std::string message;
    std::string scratch;
    wire::Appender append(message);
    append.fixed64_field(otlp::SpanEvent::kTimeUnixNano, unix_nanos != 0 ? unix_nanos : unix_now());
    append.bytes_field(otlp::SpanEvent::kName, valid_text(name, scratch));
    const std::uint32_t discarded =
        append_attributes(message, otlp::SpanEvent::kAttributes, attributes,
                          open.limits().attribute_per_event_count_max, open.record().provider->value_limits());
    if (discarded != 0) {
      append.varint_field(otlp::SpanEvent::kDroppedAttributesCount, discarded);
      detail::add_cold(slab, Slab::kEventsLack);
    }
    if (slab->budget.events_left == 0 || !append_message(open, otlp::Span::kEvents, message)) {
      ++slab->dropped_events;
      detail::add_cold(slab, Slab::kDropped);
      return;
    }
    --slab->budget.events_left;
  });
}

void add_link(Slab* slab, std::uint64_t generation, const SpanContext& context, const Attributes& attributes) {
  // trace/api.md "Link": all-zero ids are worth keeping only with attributes or a tracestate.
  if (!context.is_valid() && attributes.empty() && context.trace_state().empty()) return;
  change(slab, generation, &Slab::dropped_links, [&](OpenSlab& open) {
    const auto view = [](const auto& id) {
      return std::string_view(reinterpret_cast<const char*>(id.data()), id.kSize);
    };
    std::string message;
    wire::Appender append(message);
    append.bytes_field(otlp::SpanLink::kTraceId, view(context.trace_id()));
    append.bytes_field(otlp::SpanLink::kSpanId, view(context.span_id()));
    if (!context.trace_state().empty()) append.bytes_field(otlp::SpanLink::kTraceState, context.trace_state().header());
    const std::uint32_t discarded =
        append_attributes(message, otlp::SpanLink::kAttributes, attributes, open.limits().attribute_per_link_count_max,
                          open.record().provider->value_limits());
    if (discarded != 0) {
      append.varint_field(otlp::SpanLink::kDroppedAttributesCount, discarded);
      detail::add_cold(slab, Slab::kLinksLack);
    }
    const std::uint32_t remote = context.is_remote() ? detail::kFlagIsRemote : 0;
    append.fixed32_field(otlp::SpanLink::kFlags, detail::kFlagHasIsRemote | remote | context.trace_flags());
    if (slab->budget.links_left == 0 || !append_message(open, otlp::Span::kLinks, message)) {
      ++slab->dropped_links;
      detail::add_cold(slab, Slab::kDropped);
      return;
    }
    --slab->budget.links_left;
  });
}

void set_status(Slab* slab, std::uint64_t generation, StatusCode code, std::string_view description) {
  change(slab, generation, nullptr, [&](OpenSlab&) {
    const auto old = static_cast<StatusCode>(slab->status);
    if (code == StatusCode::kUnset || code > StatusCode::kError || old == StatusCode::kOk) return;
    slab->status = static_cast<std::uint32_t>(code);
    detail::add_cold(slab, Slab::kStatus);
    auto* const extra = static_cast<SlabExtra*>(slab->extra);
    if (code == StatusCode::kError && !description.empty()) {
      std::string scratch;
      SlabExtra& own = extra_of(slab);
      own.status_description.clear();  // should there be no memory for the new one
      own.status_description = valid_text(description, scratch);
    } else if (extra != nullptr) {
      extra->status_description.clear();
    }
  });
}

void update_name(Slab* slab, std::uint64_t generation, std::string_view name) {
  change(slab, generation, nullptr, [&](OpenSlab& open) {
    std::string scratch;
    name = valid_text(name, scratch);
    const Range old = find_name(slab);
    const std::ptrdiff_t old_offset = old.from - slab->body;
    const std::ptrdiff_t old_size = old.to - old.from;
    // At the size limit the old name stays.
    if (open.reserve(wire::bytes_field_size(otlp::Span::kName, name.size())) == nullptr) return;
    if (old_size != 0) open.erase(slab->body + old_offset, slab->body + old_offset + old_size);
    open.commit(wire::put_bytes_field(slab->cursor, otlp::Span::kName, name));
  });
}

void share(Slab* slab, std::uint64_t generation) {
  OpenSlab open(slab, generation);
  if (!open || (detail::load_cold(slab) & Slab::kShared) != 0) return;
  detail::add_cold(slab, Slab::kShared);
  slab->limit = nullptr;
}

std::uint64_t start_unix_nanos(const Slab* slab) {
  if ((detail::load_cold(slab) & Slab::kWallClock) != 0) return slab->start;
  return tick_clock().scale()->unix_nanos(slab->start);
}

std::pair<std::vector<std::uint8_t>, const TracerRecord*> copy_of(Slab* slab, std::uint64_t generation) {
  if (slab == nullptr) return {};
  const OpenSlab open(slab, generation);
  if (!open) return {};
  const std::string_view description = description_of(slab);
  std::vector<std::uint8_t> bytes(slab->body, slab->cursor);
  detail::store(bytes.data() + detail::BodyLayout::kStart, start_unix_nanos(slab));
  const std::size_t size = bytes.size();
  bytes.resize(size + kCountsAndCode + kLengths + description.size());
  const std::uint8_t* end = put_final_fields(bytes.data() + size, slab, description);
  bytes.resize(static_cast<std::size_t>(end - bytes.data()));
  return {std::move(bytes), &open.record()};
}

void append_final_fields(Slab* slab) {
  OpenSlab open(slab, 0);
  // Counts and the status code have room beyond the span's size limit; a description that would pass it is left out.
  const std::size_t bytes_max = open.limits().span_bytes_max + kCountsAndCode;
  std::string_view description = description_of(slab);
  std::uint8_t* to = open.reserve(kCountsAndCode + kLengths + description.size(), bytes_max);
  if (to == nullptr) {
    description = {};
    to = open.reserve(kCountsAndCode, bytes_max);
    if (to == nullptr) return;
  }
  open.commit(put_final_fields(to, slab, description));
}

void recycle(Slab* slab) {
  if ((detail::load_cold(slab) & Slab::kGrown) != 0) std::free(slab->body - 2 * Slab::kHeadRoom);
  delete static_cast<SlabExtra*>(slab->extra);
  make_free(slab);
}

}  // namespace nanospan::sdk

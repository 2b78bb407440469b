// SpanView: a finished or running span as processors and exporters read it, without objects being built for it.
//
// A lazy reader over the span's OTLP bytes; valid during the call that gives it. Repeated calls read the bytes again:
// keep what you need. Source: trace/sdk.md "Additional Span Interfaces" (readable span).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanospan/attributes.h>
#include <nanospan/resource.h>
#include <nanospan/span.h>
#include <nanospan/tracer.h>

namespace nanospan {
inline namespace v0 {

/// One value as it lies in OTLP bytes. Malformed bytes read as if they ended there. A view of the span's bytes: valid
/// as long as they are.
class ValueView {
 public:
  /// The empty value.
  ValueView() = default;
  /// Of an AnyValue message, without tag and length.
  explicit ValueView(std::span<const std::uint8_t> any_value) : bytes_(any_value) {}

  /// kEmpty, kBool, kInt, kDouble, kString, kBytes, kArray or kMap.
  AttributeValue::Type type() const;
  // Each gives zero or nothing if the type is another.
  bool as_bool() const;
  std::int64_t as_int() const;
  double as_double() const;
  std::string_view as_string() const;
  std::span<const std::uint8_t> as_bytes() const;
  /// Calls visit(ValueView) for each element of an array.
  template <class Visit>
  void for_each_element(Visit&& visit) const {
    std::span<const std::uint8_t> rest = composite(AttributeValue::Type::kArray);
    ValueView element;
    while (next_element(rest, element)) visit(element);
  }
  /// Calls visit(std::string_view key, ValueView) for each entry of a map.
  template <class Visit>
  void for_each_entry(Visit&& visit) const {
    std::span<const std::uint8_t> rest = composite(AttributeValue::Type::kMap);
    std::string_view key;
    ValueView value;
    while (next_entry(rest, key, value)) visit(key, value);
  }
  /// As the specification writes non-OTLP values: strings as they are, others as JSON, bytes in base64.
  /// Source: common/README.md "AnyValue representation for non-OTLP protocols".
  std::string to_text() const;

 private:
  std::span<const std::uint8_t> composite(AttributeValue::Type type) const;
  static bool next_element(std::span<const std::uint8_t>& rest, ValueView& element);
  static bool next_entry(std::span<const std::uint8_t>& rest, std::string_view& key, ValueView& value);

  std::span<const std::uint8_t> bytes_;
};

/// A key and a value where they lie. Keys are unique and not empty in spans that the SDK recorded.
struct AttributeView {
  std::string_view key;
  ValueView value;
};

/// Walks the attributes of a span, event, link, scope or resource in wire order, which after a key was set again is not
/// the order of first setting. size() walks them all, a look-up goes on until its key comes.
class AttributesView {
 public:
  /// Those that `message` has in its KeyValue fields of number `field`.
  AttributesView(std::span<const std::uint8_t> message, std::uint32_t field) : message_(message), field_(field) {}

  class Iterator {
   public:
    Iterator(std::span<const std::uint8_t> rest, std::uint32_t field);
    const AttributeView& operator*() const { return current_; }
    const AttributeView* operator->() const { return &current_; }
    Iterator& operator++();
    bool operator!=(const Iterator& other) const { return done_ != other.done_; }

   private:
    friend class AttributesView;
    Iterator() : done_(true) {}
    std::span<const std::uint8_t> rest_;
    std::uint32_t field_ = 0;
    bool done_ = false;
    AttributeView current_;
  };
  Iterator begin() const { return Iterator(message_, field_); }
  Iterator end() const { return Iterator(); }
  std::size_t size() const;
  bool empty() const { return !(begin() != end()); }
  /// The value of `key`; an empty value if there is none.
  ValueView operator[](std::string_view key) const;
  bool contains(std::string_view key) const;

 private:
  std::span<const std::uint8_t> message_;
  std::uint32_t field_;
};

/// One event of a span.
struct EventView {
  std::uint64_t unix_nanos;  ///< Nanoseconds since 1970, UTC.
  std::string_view name;
  AttributesView attributes;
  std::uint32_t dropped_attributes_count;  ///< Beyond attribute_per_event_count_max, or without a key.
};

/// One link of a span, as it was added.
struct LinkView {
  SpanContext context;
  AttributesView attributes;
  std::uint32_t dropped_attributes_count;  ///< Beyond attribute_per_link_count_max, or without a key.
};

/// Safe to read from several threads, as long as its bytes stay. What is absent reads as zero, nothing, or the
/// specification's default; ids of a wrong length read as invalid ones.
class SpanView {
 public:
  /// A view of the span message `bytes` (OTLP Span, without tag and length). `resource` and `scope` outlive the view.
  SpanView(std::span<const std::uint8_t> bytes, const Resource& resource, const InstrumentationScope& scope, bool ended)
      : bytes_(bytes), resource_(&resource), scope_(&scope), ended_(ended) {}

  std::string_view name() const;
  /// Ids, trace flags and tracestate of the span itself; never remote.
  SpanContext context() const;
  /// The parent's identity: trace id, span id and whether it was remote; invalid for a root span.
  SpanContext parent() const;
  /// kInternal where none is said.
  SpanKind kind() const;
  /// Nanoseconds since 1970, UTC.
  std::uint64_t start_unix_nanos() const;
  /// The same; 0 while the span runs (in on_ending it is set), else never before the start.
  std::uint64_t end_unix_nanos() const;
  /// False in snapshots of a running span.
  bool has_ended() const { return ended_; }
  StatusCode status() const;
  /// Empty unless the status is kError.
  std::string_view status_description() const;
  AttributesView attributes() const;
  /// What SpanLimits, or a missing key, made the span discard.
  std::uint32_t dropped_attributes_count() const;
  std::uint32_t dropped_events_count() const;
  std::uint32_t dropped_links_count() const;
  /// Calls visit(const EventView&) for each event, in the order in which they were added.
  template <class Visit>
  void for_each_event(Visit&& visit) const {
    std::span<const std::uint8_t> rest = bytes_, message;
    while (next_message(rest, kEventField, message)) visit(event(message));
  }
  /// Calls visit(const LinkView&) for each link, in the order in which they were added.
  template <class Visit>
  void for_each_link(Visit&& visit) const {
    std::span<const std::uint8_t> rest = bytes_, message;
    while (next_message(rest, kLinkField, message)) visit(link(message));
  }
  const InstrumentationScope& scope() const { return *scope_; }
  const Resource& resource() const { return *resource_; }
  /// The OTLP Span message itself.
  std::span<const std::uint8_t> bytes() const { return bytes_; }

 private:
  static constexpr std::uint32_t kEventField = 11;
  static constexpr std::uint32_t kLinkField = 13;
  static bool next_message(std::span<const std::uint8_t>& rest, std::uint32_t field,
                           std::span<const std::uint8_t>& message);
  static EventView event(std::span<const std::uint8_t> message);
  static LinkView link(std::span<const std::uint8_t> message);

  std::span<const std::uint8_t> bytes_;
  const Resource* resource_;
  const InstrumentationScope* scope_;
  bool ended_;
};

namespace detail {
struct SnapshotBytes {
  std::vector<std::uint8_t> kept;
};
}  // namespace detail

/// A SpanView over bytes of its own: what SpanRef::snapshot() gives.
class SpanSnapshot : private detail::SnapshotBytes, public SpanView {
 public:
  SpanSnapshot(std::vector<std::uint8_t> bytes, const Resource& resource, const InstrumentationScope& scope, bool ended)
      : detail::SnapshotBytes{std::move(bytes)}, SpanView(kept, resource, scope, ended) {}
  SpanSnapshot(const SpanSnapshot&) = delete;
  SpanSnapshot& operator=(const SpanSnapshot&) = delete;
};

}  // namespace v0
}  // namespace nanospan

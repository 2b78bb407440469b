// SpanView: the fields of an OTLP Span read where they lie. Each call walks the message once.
#include <nanospan/span_view.h>

#include "sdk/view/field_reader.h"
#include "wire/otlp_fields.h"

namespace nanospan {
inline namespace v0 {
namespace {

namespace otlp = wire::otlp;
using sdk::as_bytes;
using sdk::last_bytes;
using sdk::last_number;

// An id of the wrong size is the invalid one.
template <class Id>
Id id_of(std::string_view bytes) {
  return bytes.size() == Id::kSize ? Id(Id::from_bytes(bytes.data())) : Id();
}

std::uint32_t count_of(sdk::Bytes message, std::uint32_t field) {
  return static_cast<std::uint32_t>(last_number(message, field));
}

}  // namespace

std::string_view SpanView::name() const { return last_bytes(bytes_, otlp::Span::kName); }

SpanContext SpanView::context() const {
  return SpanContext(id_of<TraceId>(last_bytes(bytes_, otlp::Span::kTraceId)),
                     id_of<SpanId>(last_bytes(bytes_, otlp::Span::kSpanId)),
                     static_cast<std::uint8_t>(last_number(bytes_, otlp::Span::kFlags) & otlp::kFlagsTraceMask), false,
                     TraceState::parse(last_bytes(bytes_, otlp::Span::kTraceState)));
}

SpanContext SpanView::parent() const {
  const SpanId span_id = id_of<SpanId>(last_bytes(bytes_, otlp::Span::kParentSpanId));
  if (!span_id.is_valid()) return {};
  // The parent's own flags and tracestate are not in the span.
  return SpanContext(id_of<TraceId>(last_bytes(bytes_, otlp::Span::kTraceId)), span_id, 0,
                     (last_number(bytes_, otlp::Span::kFlags) & otlp::kFlagsIsRemote) != 0);
}

SpanKind SpanView::kind() const {
  const std::uint64_t kind = last_number(bytes_, otlp::Span::kKind);
  // trace.proto: "Implementations MAY assume SpanKind to be INTERNAL when receiving UNSPECIFIED."
  const bool known = kind >= 1 && kind <= static_cast<std::uint64_t>(otlp::SpanKind::kConsumer);
  return known ? static_cast<SpanKind>(kind) : SpanKind::kInternal;
}

std::uint64_t SpanView::start_unix_nanos() const { return last_number(bytes_, otlp::Span::kStartTimeUnixNano); }
std::uint64_t SpanView::end_unix_nanos() const { return last_number(bytes_, otlp::Span::kEndTimeUnixNano); }

StatusCode SpanView::status() const {
  const std::uint64_t code = last_number(as_bytes(last_bytes(bytes_, otlp::Span::kStatus)), otlp::SpanStatus::kCode);
  return code <= static_cast<std::uint64_t>(otlp::StatusCode::kError) ? static_cast<StatusCode>(code)
                                                                      : StatusCode::kUnset;
}

std::string_view SpanView::status_description() const {
  return last_bytes(as_bytes(last_bytes(bytes_, otlp::Span::kStatus)), otlp::SpanStatus::kMessage);
}

AttributesView SpanView::attributes() const { return AttributesView(bytes_, otlp::Span::kAttributes); }

std::uint32_t SpanView::dropped_attributes_count() const {
  return count_of(bytes_, otlp::Span::kDroppedAttributesCount);
}
std::uint32_t SpanView::dropped_events_count() const { return count_of(bytes_, otlp::Span::kDroppedEventsCount); }
std::uint32_t SpanView::dropped_links_count() const { return count_of(bytes_, otlp::Span::kDroppedLinksCount); }

bool SpanView::next_message(std::span<const std::uint8_t>& rest, std::uint32_t field,
                            std::span<const std::uint8_t>& message) {
  static_assert(kEventField == otlp::Span::kEvents && kLinkField == otlp::Span::kLinks);
  std::string_view bytes;
  if (!sdk::next_bytes(rest, field, bytes)) return false;
  message = as_bytes(bytes);
  return true;
}

EventView SpanView::event(std::span<const std::uint8_t> message) {
  return {last_number(message, otlp::SpanEvent::kTimeUnixNano), last_bytes(message, otlp::SpanEvent::kName),
          AttributesView(message, otlp::SpanEvent::kAttributes),
          count_of(message, otlp::SpanEvent::kDroppedAttributesCount)};
}

LinkView SpanView::link(std::span<const std::uint8_t> message) {
  const std::uint64_t flags = last_number(message, otlp::SpanLink::kFlags);
  return {SpanContext(id_of<TraceId>(last_bytes(message, otlp::SpanLink::kTraceId)),
                      id_of<SpanId>(last_bytes(message, otlp::SpanLink::kSpanId)),
                      static_cast<std::uint8_t>(flags & otlp::kFlagsTraceMask), (flags & otlp::kFlagsIsRemote) != 0,
                      TraceState::parse(last_bytes(message, otlp::SpanLink::kTraceState))),
          AttributesView(message, otlp::SpanLink::kAttributes),
          count_of(message, otlp::SpanLink::kDroppedAttributesCount)};
}

}  // namespace v0
}  // namespace nanospan

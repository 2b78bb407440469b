// Compiled without sanitizers (module.cmake): runs in signal handlers, and reads slabs that other threads may append
// to.
#include "profile/sampler/span_labels.h"

#include <nanospan/context.h>

#include <cstring>

namespace nanospan {
inline namespace v0 {

/// The profiler's view into contexts and scopes (declared a friend by both).
struct ContextAccess {
  static const detail::Slab* slab(const Context& context) {
    const detail::Slab* slab = context.slab_;
    if (slab == nullptr) return nullptr;
    return slab->generation.load(std::memory_order_relaxed) == context.generation_ ? slab : nullptr;
  }
  static const Context* outer(const Context& context) { return Scope::holder(&context)->previous_; }
};

}  // namespace v0

namespace profile {
namespace {

using detail::BodyLayout;
using detail::Slab;

constexpr std::size_t kScopesMax = 8;   // nesting that is searched for a route
constexpr std::size_t kFieldsMax = 48;  // of one span that are looked at
constexpr std::uint8_t kParentTag = 0x22, kNameTag = 0x2A, kAttributeTag = 0x4A, kKeyTag = 0x0A, kValueTag = 0x12,
                       kStringTag = 0x0A;
constexpr char kRoute[] = "http.route";
constexpr std::size_t kRouteSize = sizeof kRoute - 1;

/// A length-delimited field whose tag is one byte. Lengths are minimal varints of at most two bytes in a slab.
struct Field {
  std::uint8_t tag = 0;
  const std::uint8_t* content = nullptr;
  std::size_t size = 0;
};

bool next_field(const std::uint8_t*& at, const std::uint8_t* end, Field& field) {
  if (end - at < 2) return false;
  field.tag = at[0];
  if ((field.tag & 0x87) != 2) return false;  // not length-delimited, or a longer tag: no more attributes to expect
  std::size_t size = at[1];
  at += 2;
  if ((size & 0x80) != 0) {
    if (at == end || (*at & 0x80) != 0) return false;
    size = (size & 0x7F) | static_cast<std::size_t>(*at++) << 7;
  }
  if (size > static_cast<std::size_t>(end - at)) return false;
  field.content = at;
  field.size = size;
  at += size;
  return true;
}

// Never cuts a UTF-8 sequence in two.
std::uint8_t copy_text(const Field& field, std::array<char, kLabelBytesMax>& to) {
  std::size_t size = field.size;
  if (size > kLabelBytesMax) {
    size = kLabelBytesMax;
    while (size > 0 && (field.content[size] & 0xC0) == 0x80) --size;
  }
  std::memcpy(to.data(), field.content, size);
  return static_cast<std::uint8_t>(size);
}

// KeyValue{key = 1, value = 2: AnyValue{string_value = 1}}
bool is_route(const Field& attribute, Field& value) {
  const std::uint8_t* at = attribute.content;
  const std::uint8_t* const end = at + attribute.size;
  Field key, any;
  if (!next_field(at, end, key) || key.tag != kKeyTag || key.size != kRouteSize) return false;
  if (std::memcmp(key.content, kRoute, kRouteSize) != 0) return false;
  if (!next_field(at, end, any) || any.tag != kValueTag) return false;
  const std::uint8_t* inner = any.content;
  return next_field(inner, inner + any.size, value) && value.tag == kStringTag;
}

/// The span's own bytes, name and attributes in any order (a name that was changed is behind what was set before; a
/// tracestate is in front), as far as they are in its slab: a body that grew into the heap may be freed any time, and
/// the slab keeps what was there before.
void read_slab(const Slab& slab, bool with_name, SpanLabels& labels) {
  const std::uint8_t* const body = slab.buffer + Slab::kHeadRoom;
  const std::uint8_t* const buffer_end = slab.buffer + Slab::kBufferBytes;
  const std::uint8_t* end = slab.cursor;
  if (end < body || end > buffer_end) end = buffer_end;
  const std::uint8_t* at =
      body + (body[BodyLayout::kParentTag] == kParentTag ? BodyLayout::kChildBytes : BodyLayout::kRootBytes);
  bool wants_name = with_name;
  Field field, value;
  for (std::size_t i = 0; i < kFieldsMax && (wants_name || labels.route_size == 0); ++i) {
    if (!next_field(at, end, field)) return;
    if (field.tag == kNameTag && wants_name) {
      labels.name_size = copy_text(field, labels.name);
      wants_name = false;
    } else if (field.tag == kAttributeTag && labels.route_size == 0 && is_route(field, value)) {
      labels.route_size = copy_text(value, labels.route);
    }
  }
}

}  // namespace

void read_span_labels(SpanLabels& labels) {
  const Context* current = detail::thread_locals().current;
  if (current == nullptr) return;
  const SpanContext& identity = current->span_context();
  std::memcpy(labels.trace_id.data(), &identity.trace_id(), sizeof labels.trace_id);
  std::memcpy(&labels.span_id, &identity.span_id(), sizeof labels.span_id);
  const Context* context = current;
  for (std::size_t i = 0; i < kScopesMax && context != nullptr && labels.route_size == 0; ++i) {
    const bool same_trace = context->span_context().trace_id() == identity.trace_id();
    if (const Slab* slab = ContextAccess::slab(*context); slab != nullptr && same_trace) {
      read_slab(*slab, i == 0, labels);
    }
    context = ContextAccess::outer(*context);
  }
}

}  // namespace profile
}  // namespace nanospan

// A stack of its own instead of recursion, and a short cut for the attributes that are nearly all there is. Thread-
// safe.
#include "wire/validate.h"

#include <array>

#include "wire/utf8.h"

namespace nanospan::wire {
namespace {

// What libprotobuf accepts as one message.
constexpr std::size_t kMessageBytesMax = 0x7FFFFFEF;

// True for the attributes that nearly all are, in one scan: an ASCII key and one scalar, all lengths in one byte.
//
//   0A kk <key> 12 vv 0A ss <text>        0A kk <key> 12 vv 18 <varint>        0A kk <key> 12 09 21 <double>
//
// Every header byte of the string form is below 0x80, so the whole attribute is scanned as if it were one text. False
// means "not simple": the general walk decides. REQUIRES: size < 0x80.
inline bool is_simple_attribute(const std::uint8_t* at, std::size_t size) {
  if (size < 6 || at[0] != tag(otlp::KeyValue::kKey, WireType::kBytes)) return false;
  const std::size_t key_size = at[1];
  if (key_size + 6 > size) return false;
  const std::uint8_t* const value = at + 2 + key_size;
  const std::size_t value_size = size - key_size - 4;  // At least 2.
  if (value[0] != tag(otlp::KeyValue::kValue, WireType::kBytes) || value[1] != value_size) return false;
  const std::uint8_t* const scalar = value + 3;
  switch (value[2]) {
    case tag(otlp::AnyValue::kStringValue, WireType::kBytes):
      return scalar[0] == value_size - 2 && is_ascii(at, size);
    case tag(otlp::AnyValue::kBoolValue, WireType::kVarint):
    case tag(otlp::AnyValue::kIntValue, WireType::kVarint): {
      std::uint64_t ignored;
      return get_varint(scalar, at + size, kVarintBytesMax, ignored) == at + size && is_ascii(at + 2, key_size);
    }
    case tag(otlp::AnyValue::kDoubleValue, WireType::kFixed64):
      return value_size == 9 && is_ascii(at + 2, key_size);
    default:
      return false;
  }
}

// One walk: a cursor and the messages that are open around it. The cursor and the innermost end travel as arguments, so
// that they stay in registers; the loop lives in run(), and a form that is fed slice by slice needs no more state than
// this.
class Walk {
 public:
  Walk(const MessageSchema& schema, const std::uint8_t* origin) : origin_(origin), schema_(&schema) {}

  WalkResult run(const std::uint8_t* at, const std::uint8_t* end) {
    while (true) {
      while (at == end) {
        if (depth_ == 0) return result_;
        const Level& outer = open_[--depth_];
        end = outer.end;
        schema_ = outer.schema;
      }
      at = step(at, end);
      if (at == nullptr) [[unlikely]]
        return result_;
    }
  }

 private:
  using Bytes = const std::uint8_t*;
  struct Level {
    Bytes end;
    const MessageSchema* schema;
  };

  // Checks one field and returns where the next begins. Of a nested message that is the message's own first field, with
  // `end` moved to its end. nullptr: result_ has the fault.
  Bytes step(Bytes at, Bytes& end) {
    std::uint64_t tag_value;
    const Bytes payload = get_varint(at, end, kTagBytesMax, tag_value);
    if (payload == nullptr) [[unlikely]]
      return fail(at, "field tag is cut off or too long");
    if (tag_value > kTagMax) [[unlikely]]
      return fail(at, "field tag is above 32 bits");
    const auto type = static_cast<WireType>(tag_value & 7);
    const FieldSchema& field = schema_->field(static_cast<std::uint32_t>(tag_value >> 3));
    if (type != field.wire_type) [[unlikely]] {
      if (tag_value >> 3 == 0) return fail(at, "field number is 0");
      const bool is_unpacked = field.is_packed() && type == wire_type_of(field.kind);
      if (field.kind != FieldKind::kUnknown && !is_unpacked) return fail(at, "wire type is not that of the field");
    }
    switch (type) {
      case WireType::kVarint: {
        std::uint64_t ignored;
        const Bytes next = get_varint(payload, end, kVarintBytesMax, ignored);
        return next != nullptr ? next : fail(payload, "varint is cut off or longer than 64 bits");
      }
      case WireType::kFixed64:
        return end - payload >= 8 ? payload + 8 : fail(payload, "fixed64 is cut off");
      case WireType::kFixed32:
        return end - payload >= 4 ? payload + 4 : fail(payload, "fixed32 is cut off");
      case WireType::kBytes:
        return step_bytes(field, payload, end);
      default:
        return fail(at, "wire type is a group or unknown");
    }
  }

  Bytes step_bytes(const FieldSchema& field, Bytes payload, Bytes& end) {
    std::uint64_t length;
    const Bytes content = get_varint(payload, end, kLengthBytesMax, length);
    if (content == nullptr) [[unlikely]]
      return fail(payload, "length is cut off or too long");
    if (length > static_cast<std::size_t>(end - content)) [[unlikely]]
      return fail(payload, "length runs past the end");
    const Bytes next = content + length;
    switch (field.kind) {
      case FieldKind::kMessage:
        return step_message(field, content, next, end);
      case FieldKind::kString:
        return is_ascii(content, length) ? next : check_utf8(content, next);
      case FieldKind::kTraceId:
        return length == otlp::kTraceIdBytes || length == 0 ? next : fail(content, "trace id is not 16 bytes long");
      case FieldKind::kSpanId:
        return length == otlp::kSpanIdBytes || length == 0 ? next : fail(content, "span id is not 8 bytes long");
      case FieldKind::kUnknown:
      case FieldKind::kBytes:
        return next;
      default:
        return step_packed(field, content, next);
    }
  }

  Bytes step_packed(const FieldSchema& field, Bytes content, Bytes next) {
    if (wire_type_of(field.kind) != WireType::kVarint) {
      const std::ptrdiff_t size = wire_type_of(field.kind) == WireType::kFixed64 ? 8 : 4;
      return (next - content) % size == 0 ? next : fail(content, "packed numbers are cut off");
    }
    while (content != next) {
      std::uint64_t ignored;
      const Bytes after = get_varint(content, next, kVarintBytesMax, ignored);
      if (after == nullptr) return fail(content, "varint is cut off or longer than 64 bits");
      content = after;
    }
    return next;
  }

  Bytes step_message(const FieldSchema& field, Bytes content, Bytes next, Bytes& end) {
    if (field.message == &schema::kKeyValue && depth_ + 2 <= kDepthMax && next - content < 0x80 &&
        is_simple_attribute(content, static_cast<std::size_t>(next - content))) {
      return skip_simple_attributes(field, next, end);
    }
    if (depth_ == kDepthMax) [[unlikely]]
      return fail(content, "messages are nested more than 100 deep");
    count(field.counted);
    open_[depth_++] = {end, schema_};
    end = next;
    schema_ = field.message;
    return content;
  }

  // Attributes come in runs: stays on them while they are simple, without going through the tables (a fifth of the
  // walk). at[0] and at[1] are the whole tag and the whole length, as both are below 0x80.
  static Bytes skip_simple_attributes(const FieldSchema& field, Bytes at, Bytes end) {
    const std::uint32_t whole_tag = tag(field.number, WireType::kBytes);
    while (end - at > 2 && at[0] < 0x80 && at[0] == whole_tag && at[1] < 0x80 && at[1] <= end - at - 2 &&
           is_simple_attribute(at + 2, at[1])) {
      at += 2 + at[1];
    }
    return at;
  }

  void count(Counted counted) {
    switch (counted) {
      case Counted::kNothing:
        break;
      case Counted::kResources:
        ++result_.counts.resources;
        break;
      case Counted::kScopes:
        ++result_.counts.scopes;
        break;
      case Counted::kItems:
        ++result_.counts.items;
        break;
    }
  }

  [[gnu::noinline]] Bytes check_utf8(Bytes content, Bytes next) {
    const auto length = static_cast<std::size_t>(next - content);
    const std::size_t valid = valid_utf8_prefix({reinterpret_cast<const char*>(content), length});
    return valid == length ? next : fail(content + valid, "string is not valid UTF-8");
  }

  [[gnu::noinline]] Bytes fail(Bytes where, const char* text) {
    result_.fault = {static_cast<std::size_t>(where - origin_), text};
    return nullptr;
  }

  const Bytes origin_;
  const MessageSchema* schema_;  // Of the innermost open message.
  unsigned depth_ = 0;           // Of open_.
  WalkResult result_;
  std::array<Level, kDepthMax> open_;  // The messages around the innermost; [0] is the outermost.
};

}  // namespace

WalkResult validate(const MessageSchema& schema, const std::uint8_t* data, std::size_t size) {
  if (size > kMessageBytesMax) return {{}, {0, "message is longer than 2 GiB"}};
  return Walk(schema, data).run(data, data + size);
}

}  // namespace nanospan::wire

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
// Every header byte of the string form is below 0x80, so the whole attribute is scanned as if it were one text. False means
// "not simple": the general walk decides. REQUIRES: size < 0x80.
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

// One walk: a cursor and the messages that are open around it. The loop lives in run(); a form that is fed slice by slice
// needs no more state than this.
class Walk {
 public:
  Walk(const MessageSchema& schema, const std::uint8_t* data, std::size_t size)
      : origin_(data), at_(data), end_(data + size), schema_(&schema) {}

  WalkResult run() {
    while (true) {
      while (at_ == end_) {
        if (depth_ == 0) return result_;
        close_message();
      }
      if (!step()) [[unlikely]] return result_;
    }
  }

 private:
  struct Level {
    const std::uint8_t* end;
    const MessageSchema* schema;
  };

  // One field: its tag and payload, or, for a nested message, its header. False: result_ has the fault.
  bool step() {
    const std::uint8_t* const start = at_;
    std::uint64_t tag_value;
    const std::uint8_t* const payload = get_varint(start, end_, kTagBytesMax, tag_value);
    if (payload == nullptr || tag_value > 0xFFFFFFFF) [[unlikely]] {
      return fail(start, "field tag is cut off or longer than 32 bits");
    }
    const auto type = static_cast<WireType>(tag_value & 7);
    const FieldSchema& field = schema_->field(static_cast<std::uint32_t>(tag_value >> 3));
    if (field.kind == FieldKind::kUnknown) [[unlikely]] {
      if (tag_value >> 3 == 0) return fail(start, "field number is 0");
    } else if (type != field.wire_type) [[unlikely]] {
      return fail(start, "wire type is not that of the field");
    }
    switch (type) {
      case WireType::kVarint: {
        std::uint64_t ignored;
        at_ = get_varint(payload, end_, kVarintBytesMax, ignored);
        return at_ != nullptr || fail(payload, "varint is cut off or longer than 64 bits");
      }
      case WireType::kFixed64: return skip(payload, 8);
      case WireType::kFixed32: return skip(payload, 4);
      case WireType::kBytes: return step_bytes(field, payload);
      default: return fail(start, "wire type is a group or unknown");
    }
  }

  bool step_bytes(const FieldSchema& field, const std::uint8_t* payload) {
    std::uint64_t length;
    const std::uint8_t* const content = get_varint(payload, end_, kLengthBytesMax, length);
    if (content == nullptr) [[unlikely]] return fail(payload, "length is cut off or too long");
    if (length > static_cast<std::size_t>(end_ - content)) [[unlikely]] return fail(payload, "length runs past the end");
    at_ = content + length;
    switch (field.kind) {
      case FieldKind::kMessage: return step_message(field, content, length);
      case FieldKind::kString: return is_ascii(content, length) || check_utf8(content, length);
      case FieldKind::kTraceId:
        return length == otlp::kTraceIdBytes || length == 0 || fail(content, "trace id is not 16 bytes long");
      case FieldKind::kSpanId:
        return length == otlp::kSpanIdBytes || length == 0 || fail(content, "span id is not 8 bytes long");
      default: return true;
    }
  }

  bool step_message(const FieldSchema& field, const std::uint8_t* content, std::uint64_t length) {
    if (field.message == &schema::kKeyValue && length < 0x80 && is_simple_attribute(content, length)) {
      // The fast path must not forgive the depth that it does not walk: an attribute holds one AnyValue.
      if (depth_ + 2 <= kDepthMax) [[likely]] return true;
    }
    count(field.counted);
    if (depth_ == kDepthMax) [[unlikely]] return fail(content, "messages are nested more than 100 deep");
    open_[depth_++] = {end_, schema_};
    at_ = content;
    end_ = content + length;
    schema_ = field.message;
    return true;
  }

  void close_message() {
    --depth_;
    end_ = open_[depth_].end;
    schema_ = open_[depth_].schema;
  }

  void count(Counted counted) {
    switch (counted) {
      case Counted::kNothing: break;
      case Counted::kResources: ++result_.counts.resources; break;
      case Counted::kScopes: ++result_.counts.scopes; break;
      case Counted::kItems: ++result_.counts.items; break;
    }
  }

  bool skip(const std::uint8_t* payload, std::size_t size) {
    if (size > static_cast<std::size_t>(end_ - payload)) [[unlikely]] return fail(payload, "fixed-width field is cut off");
    at_ = payload + size;
    return true;
  }

  [[gnu::noinline]] bool check_utf8(const std::uint8_t* content, std::size_t length) {
    const std::size_t valid = valid_utf8_prefix({reinterpret_cast<const char*>(content), length});
    return valid == length || fail(content + valid, "string is not valid UTF-8");
  }

  [[gnu::noinline]] bool fail(const std::uint8_t* where, const char* text) {
    result_.fault = {static_cast<std::size_t>(where - origin_), text};
    return false;
  }

  const std::uint8_t* const origin_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  const MessageSchema* schema_;
  unsigned depth_ = 0;
  WalkResult result_;
  std::array<Level, kDepthMax> open_;  // The messages around the current one; [0] is the outermost.
};

}  // namespace

WalkResult validate(const MessageSchema& schema, const std::uint8_t* data, std::size_t size) {
  if (size > kMessageBytesMax) return {{}, {0, "message is longer than 2 GiB"}};
  return Walk(schema, data, size).run();
}

}  // namespace nanospan::wire

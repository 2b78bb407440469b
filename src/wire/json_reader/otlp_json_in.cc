// One pass over the document that writes protobuf as it goes. Threads: see the header.
#include "wire/json_reader/otlp_json_in.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/base64.h"
#include "wire/json_reader/json_cursor.h"
#include "wire/json_reader/json_scalars.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nanospan::wire {
namespace {

// Beyond what the fields need: headers of open messages, and text that is copied in steps of kCopyStep.
constexpr std::size_t kRoomBeyond = 2048;
constexpr std::size_t kCopyStep = 32;

// Commas and opening brackets. In blocks of a fixed size with a counter of one byte, which compilers turn into vector
// instructions: one character at a time took a third of the time of the whole conversion.
std::size_t count_places(std::string_view json) {
  constexpr std::size_t kBlock = 64;
  const auto is_place = [](char c) { return static_cast<std::uint8_t>((c == ',') | (c == '[')); };
  std::size_t places = 0;
  for (; json.size() >= kBlock; json.remove_prefix(kBlock)) {
    const char* const block = json.data();
    std::uint8_t in_block = 0;
    for (std::size_t i = 0; i < kBlock; ++i) in_block = static_cast<std::uint8_t>(in_block + is_place(block[i]));
    places += in_block;
  }
  for (const char c : json) places += is_place(c);
  return places;
}

// ---- the conversion ------------------------------------------------------------------------------------------------

/// One document on its way to protobuf. The length of a nested message is known at its end, and as long as that of the
/// one before it at that depth, nearly always: so much room is left for it, and its content moved where that was wrong.
class Conversion {
 public:
  Conversion(std::string_view json, RawOutput& out) : json_(json), cursor_(json), out_(out) { length_bytes_.fill(1); }

  bool run(const MessageSchema& schema) {
    if (cursor_.peek() != '{') return cursor_.fail("the document is not a JSON object");
    if (!read_message(schema, 0)) return false;
    if (cursor_.peek() != '\0' || cursor_.left() != 0) return cursor_.fail("text after the end of the document");
    return true;
  }

  const WalkCounts& counts() const { return counts_; }

  Error error() const {
    const Fault& fault = cursor_.fault();
    // Of no field, but of the document. By its words: each object file may have a literal of its own.
    if (std::string_view(fault.text) == JsonCursor::kNotUtf8) return malformed(fault);
    std::string message = path_;
    if (!message.empty()) message += ": ";
    message.append(fault.text).append(" (byte ").append(std::to_string(fault.offset)).append(")");
    return Error{ErrorCode::kMalformed, std::move(message)};
  }

 private:
  // ---- structure ----

  bool read_message(const MessageSchema& schema, unsigned depth) {
    cursor_.take('{');
    if (cursor_.take('}')) return true;
    std::uint32_t expected = 1;  // Senders write fields in the order of the schema, so look there first.
    do {
      const FieldSchema* known = nullptr;
      if (!read_name(schema, expected, known)) return false;
      if (!cursor_.take(':')) return cursor_.fail("no ':' after a name");
      if (known == nullptr) {
        if (!cursor_.skip_value()) return false;
        continue;
      }
      expected = known->number + 1U;
      if (!read_field(*known, depth)) {
        prefix_path(known->json_name);
        return false;
      }
    } while (cursor_.take(','));
    return cursor_.take('}') || cursor_.fail("neither ',' nor '}' after a value");
  }

  // nullptr in `known`: the name is not in the schema.
  bool read_name(const MessageSchema& schema, std::uint32_t expected, const FieldSchema*& known) {
    if (cursor_.peek() != '"') return cursor_.fail("not a name in quotes");
    const FieldSchema& likely = schema.field(expected);
    if (likely.number != 0 && cursor_.take_name(likely.json_name)) {
      known = &likely;
      return true;
    }
    const char* const start = cursor_.at();
    JsonString name;
    if (!cursor_.string(name)) return false;
    if (name.escaped) {
      std::uint8_t* const text = room(name.raw.size());  // Lent: nothing stays of it.
      const std::uint8_t* const end = put_unescaped(text, name.raw);
      if (end == nullptr) return cursor_.fail_at(start, JsonCursor::kNotACharacter);
      name.raw = {reinterpret_cast<const char*>(text), static_cast<std::size_t>(end - text)};
    }
    known = find_field(schema, expected, name.raw);
    return true;
  }

  // From `expected` on, and round: what is left out is mostly little.
  static const FieldSchema* find_field(const MessageSchema& schema, std::size_t expected, std::string_view name) {
    const std::size_t count = schema.by_number.size();
    std::size_t number = expected < count ? expected : 0;
    for (std::size_t i = 0; i < count; ++i) {
      const FieldSchema& candidate = schema.by_number[number];
      if (candidate.number != 0 && candidate.json_name == name) return &candidate;
      if (++number == count) number = 0;
    }
    return nullptr;
  }

  bool read_field(const FieldSchema& field, unsigned depth) {
    const char first = cursor_.peek();
    if (first == 'n') return cursor_.word("null");
    if (!field.repeated) return read_element(field, first, depth);
    if (first != '[') return cursor_.fail("must be an array");
    cursor_.take('[');
    if (cursor_.take(']')) return true;
    const bool packed = field.is_packed();
    const Open list = packed ? open(field, depth) : Open{};
    std::size_t index = 0;
    do {
      if (!read_element(field, cursor_.peek(), depth)) {
        prefix_path("[" + std::to_string(index) + "]");
        return false;
      }
      ++index;
    } while (cursor_.take(','));
    if (packed) close(list, depth);
    return cursor_.take(']') || cursor_.fail("neither ',' nor ']' after a value");
  }

  // `first` is the value's first character, where the cursor stands.
  bool read_element(const FieldSchema& field, char first, unsigned depth) {
    switch (field.kind) {
      case FieldKind::kMessage:
        return read_nested(field, first, depth);
      case FieldKind::kString:
        return read_string(field, first);
      case FieldKind::kBytes:
        return read_bytes(field, first);
      case FieldKind::kTraceId:
        return read_id(field, first, otlp::kTraceIdBytes);
      case FieldKind::kSpanId:
        return read_id(field, first, otlp::kSpanIdBytes);
      case FieldKind::kBool:
        return read_bool(field, first);
      case FieldKind::kEnum:
        return first == '"' ? read_enum(field) : read_integer(field, first);
      case FieldKind::kDouble:
        return read_double(field, first);
      case FieldKind::kUnknown:
        return cursor_.skip_value();
      default:
        return read_integer(field, first);
    }
  }

  bool read_nested(const FieldSchema& field, char first, unsigned depth) {
    if (first != '{') return cursor_.fail("must be an object");
    if (depth == kDepthMax) return cursor_.fail("messages are nested more than 100 deep");
    if (field.message == &schema::kKeyValue && depth + 1 < kDepthMax && read_plain_attribute(field)) return true;
    const Open message = open(field, depth);
    if (!read_message(*field.message, depth + 1)) return false;
    close(message, depth);
    count(field.counted);
    return true;
  }

  // {"key":"k","value":{"stringValue":"v"}}, as nearly every attribute is written: all lengths are known before the
  // first byte. Whatever else it is, is read from its start again.
  bool read_plain_attribute(const FieldSchema& field) {
    const char* const start = cursor_.at();
    JsonString key, value;
    const bool is_plain = cursor_.take_text(R"({"key":)") && read_plain_string(key) && !key.raw.empty() &&
                          cursor_.take_text(R"(,"value":{"stringValue":)") && read_plain_string(value) &&
                          cursor_.take_text("}}");
    if (!is_plain) {
      cursor_.go_back(start);
      return false;
    }
    const std::size_t any_size = bytes_field_size(otlp::AnyValue::kStringValue, value.raw.size());
    const std::size_t size =
        bytes_field_size(otlp::KeyValue::kKey, key.raw.size()) + bytes_field_size(otlp::KeyValue::kValue, any_size);
    std::uint8_t* to = room(bytes_field_size(field.number, size) + kCopyStep);
    to = put_message_header(to, field.number, size);
    to = put_text_field(to, otlp::KeyValue::kKey, key.raw);
    to = put_message_header(to, otlp::KeyValue::kValue, any_size);
    out_.wrote_to(put_text_field(to, otlp::AnyValue::kStringValue, value.raw));
    return true;
  }

  bool read_plain_string(JsonString& text) {
    return cursor_.left() != 0 && *cursor_.at() == '"' && cursor_.string(text) && !text.escaped;
  }

  void count(Counted counted) {
    counts_.resources += counted == Counted::kResources;
    counts_.scopes += counted == Counted::kScopes;
    counts_.items += counted == Counted::kItems;
  }

  // ---- lengths ----

  struct Open {
    std::size_t content = 0;  // Where it begins.
    std::size_t length_bytes = 0;
  };

  Open open(const FieldSchema& field, unsigned depth) {
    std::uint8_t* const to = room(kTagBytesMax + kLengthBytesMax);
    const std::size_t length_bytes = length_bytes_[depth];
    out_.wrote_to(put_tag(to, field.number, WireType::kBytes) + length_bytes);
    return {out_.size(), length_bytes};
  }

  void close(const Open& message, unsigned depth) {
    const std::size_t length = out_.size() - message.content;
    const std::size_t needed = varint_size(length);
    if (needed != message.length_bytes) [[unlikely]] {
      std::uint8_t* const end = room(kLengthBytesMax);
      std::uint8_t* const content = out_.at(message.content);
      std::memmove(content - message.length_bytes + needed, content, length);
      out_.wrote_to(end - message.length_bytes + needed);
      length_bytes_[depth] = static_cast<std::uint8_t>(needed);
    }
    put_varint(out_.at(message.content - message.length_bytes), length);
  }

  // ---- scalars ----

  bool read_bool(const FieldSchema& field, char first) {
    if (first != 't' && first != 'f') return cursor_.fail("must be true or false");
    if (!cursor_.word(first == 't' ? "true" : "false")) return false;
    put_number(field, first == 't' ? 1 : 0);
    return true;
  }

  bool read_enum(const FieldSchema& field) {
    const char* const start = cursor_.at();
    std::string_view name;
    if (!read_text('"', name)) return false;
    for (const EnumName& known : field.enum_names) {
      if (known.name != name) continue;
      put_number(field, static_cast<std::uint64_t>(std::int64_t{known.value}));
      return true;
    }
    return cursor_.fail_at(start, "is not a name of this enum");
  }

  bool read_integer(const FieldSchema& field, char first) {
    const char* const start = cursor_.at();
    std::string_view text;
    if (!read_number_text(first, text)) return false;
    const FieldKind kind = field.kind;
    const bool is_64_bits =
        wire_type_of(kind) == WireType::kFixed64 || kind == FieldKind::kInt64 || kind == FieldKind::kUint64;
    if (kind == FieldKind::kFixed64 || kind == FieldKind::kUint64 || kind == FieldKind::kUint32 ||
        kind == FieldKind::kFixed32) {
      const std::optional<std::uint64_t> number = parse_uint64(text);
      if (!number || (!is_64_bits && *number > UINT32_MAX)) {
        return cursor_.fail_at(start, "must be a whole number in the range of its unsigned type");
      }
      put_number(field, *number);
      return true;
    }
    const std::optional<std::int64_t> number = parse_int64(text);
    if (!number || (!is_64_bits && (*number < INT32_MIN || *number > INT32_MAX))) {
      return cursor_.fail_at(start, "must be a whole number in the range of its signed type");
    }
    put_number(field, kind == FieldKind::kSint32 ? zigzag(static_cast<std::int32_t>(*number))
                                                 : static_cast<std::uint64_t>(*number));
    return true;
  }

  bool read_double(const FieldSchema& field, char first) {
    const char* const start = cursor_.at();
    std::string_view text;
    if (!read_number_text(first, text)) return false;
    const std::optional<double> number = parse_double(text);
    if (!number) return cursor_.fail_at(start, "must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
    put_number(field, std::bit_cast<std::uint64_t>(*number));
    return true;
  }

  // The text of a number, or of a string that should hold one.
  bool read_number_text(char first, std::string_view& text) {
    if (first == '"') return read_text(first, text);
    text = cursor_.number();
    return !text.empty() || cursor_.fail("must be a number");
  }

  bool read_string(const FieldSchema& field, char first) {
    const char* const start = cursor_.at();
    JsonString text;
    if (first != '"') return cursor_.fail("must be a string");
    if (!cursor_.string(text)) return false;
    if (!text.escaped) {
      if (!writes(field, !text.raw.empty())) return true;
      std::uint8_t* const to = room(kTagBytesMax + kLengthBytesMax + text.raw.size() + kCopyStep);
      out_.wrote_to(put_text_field(to, field.number, text.raw));
      return true;
    }
    // Written where it would stand with the longest header, and moved to behind its own.
    std::uint8_t* const to = room(kTagBytesMax + kLengthBytesMax + text.raw.size());
    std::uint8_t* const unescaped = to + kTagBytesMax + kLengthBytesMax;
    const std::uint8_t* const end = put_unescaped(unescaped, text.raw);
    if (end == nullptr) return cursor_.fail_at(start, JsonCursor::kNotACharacter);
    const auto length = static_cast<std::size_t>(end - unescaped);
    std::uint8_t* const content = put_message_header(to, field.number, length);
    std::memmove(content, unescaped, length);
    out_.wrote_to(content + length);
    return true;
  }

  bool read_bytes(const FieldSchema& field, char first) {
    const char* const start = cursor_.at();
    std::string_view text;
    if (!read_text(first, text)) return false;
    decoded_.clear();
    if (!base::append_from_base64(text, decoded_, base::Base64Alphabet::kStandardOrUrl)) {
      return cursor_.fail_at(start, "must be base64");
    }
    if (!writes(field, !decoded_.empty())) return true;
    std::uint8_t* const to = room(bytes_field_size(field.number, decoded_.size()));
    out_.wrote_to(put_bytes_field(to, field.number, decoded_));
    return true;
  }

  bool read_id(const FieldSchema& field, char first, std::size_t size) {
    const char* const start = cursor_.at();
    std::string_view text;
    if (!read_text(first, text)) return false;
    if (text.empty()) return true;
    std::uint8_t* const to = room(bytes_field_size(field.number, size));
    const bool right_size = text.size() == 2 * size;
    std::uint8_t* const end = right_size ? put_from_hex(put_message_header(to, field.number, size), text) : nullptr;
    if (end == nullptr) {
      return cursor_.fail_at(start, size == otlp::kTraceIdBytes ? "must be 32 hex digits" : "must be 16 hex digits");
    }
    out_.wrote_to(end);
    return true;
  }

  // A string's text: where it stands if nothing in it is escaped, else in memory that is kept for it.
  bool read_text(char first, std::string_view& text) {
    if (first != '"') return cursor_.fail("must be a string");
    const char* const start = cursor_.at();
    JsonString string;
    if (!cursor_.string(string)) return false;
    text = string.raw;
    if (!string.escaped) return true;
    unescaped_.resize(string.raw.size());
    auto* const to = reinterpret_cast<std::uint8_t*>(unescaped_.data());
    const std::uint8_t* const end = put_unescaped(to, string.raw);
    if (end == nullptr) return cursor_.fail_at(start, JsonCursor::kNotACharacter);
    text = std::string_view(unescaped_).substr(0, static_cast<std::size_t>(end - to));
    return true;
  }

  // ---- writing ----

  // Where `bytes` more can be written. What was returned before is then void.
  std::uint8_t* room(std::size_t bytes) {
    if (!out_.has_room(bytes)) [[unlikely]] {
      const std::size_t all = OtlpJsonReader::output_bytes_max(json_) + kRoomBeyond;
      out_.grow(std::max(all, out_.size() + bytes + out_.capacity() / 2));
    }
    return out_.end();
  }

  // proto3 leaves out zero values, except in a list, as the chosen member of a oneof and where they are optional.
  static bool writes(const FieldSchema& field, bool not_zero) {
    return not_zero || field.in_oneof || field.repeated || field.optional;
  }

  // Short text of the document in one step: a copy of whatever length costs a call. Both sides must have so much behind
  // them; `to` has.
  std::uint8_t* put_text_field(std::uint8_t* to, std::uint32_t number, std::string_view text) const {
    to = put_message_header(to, number, text.size());
    const bool has_step_behind = static_cast<std::size_t>(cursor_.at() - text.data()) + cursor_.left() >= kCopyStep;
    if (text.size() > kCopyStep || !has_step_behind) return put_raw(to, text);
    std::memcpy(to, text.data(), kCopyStep);
    return to + text.size();
  }

  void put_number(const FieldSchema& field, std::uint64_t value) {
    const bool packed = field.repeated;  // Lists of numbers always are.
    if (!writes(field, value != 0)) return;
    std::uint8_t* to = room(kTagBytesMax + kVarintBytesMax);
    const WireType type = wire_type_of(field.kind);
    if (!packed) to = put_tag(to, field.number, type);
    switch (type) {
      case WireType::kFixed64:
        to = put_fixed(to, value);
        break;
      case WireType::kFixed32:
        to = put_fixed(to, static_cast<std::uint32_t>(value));
        break;
      default:
        to = put_varint(to, value);
        break;
    }
    out_.wrote_to(to);
  }

  // The path of a fault grows from the inside out: "traceId", "[7].traceId", "spans[7].traceId".
  void prefix_path(std::string_view step) {
    if (!path_.empty() && path_[0] != '[') path_.insert(0, 1, '.');
    path_.insert(0, step);
  }

  const std::string_view json_;
  JsonCursor cursor_;
  RawOutput& out_;
  std::array<std::uint8_t, kDepthMax + 1> length_bytes_;  // Of the last message at each depth.
  std::string decoded_;                                   // Of base64; kept for its memory, as the next.
  std::string unescaped_;                                 // Of one string that is no text; kept for its memory.
  std::string path_;
  WalkCounts counts_;
};

}  // namespace

// The worst is a list of numbers of 8 bytes: "0," is two characters. What a field's name and quotes take is always more
// than its tag and length, but for "sum":0 and the like, by one; and before each field but an object's first, and
// before each element, stands a comma or a bracket.
std::size_t OtlpJsonReader::output_bytes_max(std::string_view json) {
  constexpr std::size_t kGrowthMax = 6;
  return json.size() + kGrowthMax * count_places(json);
}

Result<OtlpJsonReader::Message> OtlpJsonReader::read(const MessageSchema& schema, std::string_view json) {
  output_.clear();
  // Nearly always protobuf is half as long; output_bytes_max() is for lists of numbers.
  if (output_.capacity() < json.size() + kRoomBeyond) {
    output_.give_back();  // Nothing of it is to be copied.
    output_.grow(json.size() + kRoomBeyond);
  }
  Conversion conversion(json, output_);
  if (!conversion.run(schema)) return conversion.error();
  return Message{output_.view(), conversion.counts()};
}

void OtlpJsonReader::trim() {
  if (output_.capacity() > options_.kept_bytes_max) output_.give_back();
}

}  // namespace nanospan::wire

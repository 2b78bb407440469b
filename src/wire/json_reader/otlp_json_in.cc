// One pass over the document that writes protobuf as it goes. Threads: see the header.
#include "wire/json_reader/otlp_json_in.h"

#include <algorithm>
#include <cstring>

#include "wire/json_reader/json_cursor.h"
#include "wire/json_reader/message_writer.h"
#include "wire/json_reader/plain_attribute.h"
#include "wire/json_reader/value_reader.h"
#include "wire/reader.h"

namespace nanospan::wire {
namespace {

// Commas and opening brackets, sixteen bytes at a time with a counter for each of them: one character at a time took a
// third of the time of the whole conversion, counters that are added up each 64 bytes a twelfth.
std::size_t count_places(std::string_view json) {
  using Block = std::uint8_t __attribute__((vector_size(16)));
  constexpr std::size_t kBlocksMax = 255;  // A counter holds no more.
  constexpr Block kCommas = Block{} + ',';
  constexpr Block kBrackets = Block{} + '[';
  std::size_t places = 0;
  while (json.size() >= sizeof(Block)) {
    const std::size_t blocks = std::min(json.size() / sizeof(Block), kBlocksMax);
    Block counts{};
    for (std::size_t i = 0; i < blocks; ++i) {
      Block block;
      std::memcpy(&block, json.data() + i * sizeof block, sizeof block);
      counts -= reinterpret_cast<Block>((block == kCommas) | (block == kBrackets));  // True is -1.
    }
    for (std::size_t i = 0; i < sizeof counts; ++i) places += counts[i];
    json.remove_prefix(blocks * sizeof(Block));
  }
  for (const char c : json) places += static_cast<std::size_t>((c == ',') | (c == '['));
  return places;
}

// ---- the conversion ------------------------------------------------------------------------------------------------

/// One document on its way to protobuf: its objects and lists.
class Conversion {
 public:
  Conversion(std::string_view json, RawOutput& out)
      : cursor_(json), out_(out, &OtlpJsonReader::output_bytes_max, json), values_(cursor_, out_) {}

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

  // The cursor stands at its '{'.
  bool read_message(const MessageSchema& schema, unsigned depth) {
    cursor_.skip_peeked();
    if (cursor_.take('}')) return true;
    std::uint32_t expected = 1;  // Senders write fields in the order of the schema, so look there first.
    do {
      if (cursor_.peek() != '"') return cursor_.fail("not a name in quotes");
      const FieldSchema* known = &schema.field(expected);
      if (known->number == 0 || !cursor_.take_name(known->json_name)) {
        if (!read_name(schema, expected, known)) return false;
        if (!cursor_.take(':')) return cursor_.fail("no ':' after a name");
      }
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
    const char* const start = cursor_.at();
    JsonString name;
    if (!cursor_.string(name)) return false;
    if (name.escaped) {
      std::uint8_t* const text = out_.room(name.raw.size());  // Lent: nothing stays of it.
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
    cursor_.skip_peeked();
    if (cursor_.take(']')) return true;
    const bool packed = field.is_packed();
    const MessageWriter::Open list = packed ? out_.open(field, depth) : MessageWriter::Open{};
    std::size_t index = 0;
    const bool attributes = field.message == &schema::kKeyValue && depth + 1 < kDepthMax;
    do {
      const std::size_t plain = attributes ? read_plain_attributes(field) : 0;
      index += plain;
      if (plain != 0) continue;
      if (!read_element(field, cursor_.peek(), depth)) {
        prefix_path("[" + std::to_string(index) + "]");
        return false;
      }
      ++index;
    } while (cursor_.take(','));
    if (packed) out_.close(list, depth);
    return cursor_.take(']') || cursor_.fail("neither ',' nor ']' after a value");
  }

  // `first` is the value's first character, where the cursor stands.
  bool read_element(const FieldSchema& field, char first, unsigned depth) {
    switch (field.kind) {
      case FieldKind::kMessage:
        return read_nested(field, first, depth);
      case FieldKind::kString:
        return values_.read_string(field, first);
      case FieldKind::kBytes:
        return values_.read_bytes(field, first);
      case FieldKind::kTraceId:
        return values_.read_id(field, first, otlp::kTraceIdBytes);
      case FieldKind::kSpanId:
        return values_.read_id(field, first, otlp::kSpanIdBytes);
      case FieldKind::kBool:
        return values_.read_bool(field, first);
      case FieldKind::kEnum:
        return values_.read_enum(field, first);
      case FieldKind::kDouble:
        return values_.read_double(field, first);
      case FieldKind::kUnknown:
        return cursor_.skip_value();
      default:
        return values_.read_integer(field, first);
    }
  }

  bool read_nested(const FieldSchema& field, char first, unsigned depth) {
    if (first != '{') return cursor_.fail("must be an object");
    if (depth == kDepthMax) return cursor_.fail("messages are nested more than 100 deep");
    const MessageWriter::Open message = out_.open(field, depth);
    if (!read_message(*field.message, depth + 1)) return false;
    out_.close(message, depth);
    count(field.counted);
    return true;
  }

  // How many in a row: none, and nothing is read or written, or those up to what is no comma between two.
  std::size_t read_plain_attributes(const FieldSchema& field) {
    const char* const limit = cursor_.at() + cursor_.left();
    const char* at = cursor_.at();
    for (std::size_t count = 0;; ++count) {
      std::uint8_t* to = out_.room(kPlainAttributeRoom);
      const char* const next = put_plain_attribute(at, limit, field.number, to);
      if (next == nullptr) return count;
      out_.wrote_to(to);
      cursor_.go_to(next);
      if (next == limit || *next != ',') return count + 1;
      at = next + 1;
    }
  }

  void count(Counted counted) {
    counts_.resources += counted == Counted::kResources;
    counts_.scopes += counted == Counted::kScopes;
    counts_.items += counted == Counted::kItems;
  }

  // The path of a fault grows from the inside out: "traceId", "[7].traceId", "spans[7].traceId".
  void prefix_path(std::string_view step) {
    if (!path_.empty() && path_[0] != '[') path_.insert(0, 1, '.');
    path_.insert(0, step);
  }

  JsonCursor cursor_;
  MessageWriter out_;
  ValueReader values_;
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
  if (output_.capacity() < json.size() + MessageWriter::kRoomBeyond) {
    output_.give_back();  // Nothing of it is to be copied.
    output_.grow(json.size() + MessageWriter::kRoomBeyond);
  }
  Conversion conversion(json, output_);
  if (!conversion.run(schema)) return conversion.error();
  return Message{output_.view(), conversion.counts()};
}

void OtlpJsonReader::trim() {
  if (output_.capacity() > options_.kept_bytes_max) output_.give_back();
}

}  // namespace nanospan::wire

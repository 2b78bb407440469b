// One pass over simdjson's tokens that appends protobuf as it goes. Threads: see the header.
#include "wire/json_reader/otlp_json_in.h"

// Errors come back as values; the library never throws through us.
#define SIMDJSON_EXCEPTIONS 0
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <simdjson.h>
#pragma GCC diagnostic pop

#include <array>
#include <cstring>

#include "base/base64.h"
#include "wire/json_reader/json_scalars.h"
#include "wire/reader.h"
#include "wire/utf8.h"
#include "wire/writer.h"

namespace nanospan::wire {
namespace {

namespace ondemand = simdjson::ondemand;

// One document on its way to protobuf. A nested message is appended first and its header put in front of it once its
// length is known: its bytes move once for each level, which is little against the cost of reading JSON, and no second
// pass is needed.
class Conversion {
 public:
  Conversion(ondemand::document& document, std::string_view json, std::string& out)
      : document_(document), json_(json), out_(out) {}

  bool run(const MessageSchema& schema) {
    ondemand::object object;
    ondemand::json_type type;
    if (document_.type().get(type) == simdjson::SUCCESS && type != ondemand::json_type::object) {
      return fail_at(json_.data(), "the document is not a JSON object");
    }
    if (const auto error = document_.get_object().get(object)) return fail_syntax(error);
    if (!read_message(object, schema, 0)) return false;
    const char* trailing = nullptr;
    if (document_.current_location().get(trailing) == simdjson::SUCCESS) {
      return fail_at(trailing, "text after the end of the document");
    }
    return true;
  }

  Error error() const {
    std::string message = path_;
    if (!message.empty()) message += ": ";
    message += reason_;
    if (where_ != nullptr) message += " (byte " + std::to_string(where_ - json_.data()) + ")";
    return Error{ErrorCode::kMalformed, std::move(message)};
  }

 private:
  bool read_message(ondemand::object& object, const MessageSchema& schema, unsigned depth) {
    std::uint32_t expected = 1;  // Senders write fields in the order of the schema, so look there first.
    for (auto element : object) {
      ondemand::field field;
      if (const auto error = std::move(element).get(field)) return fail_syntax(error);
      const FieldSchema* known = nullptr;
      if (!find_field(field, schema, expected, known)) return false;
      if (known == nullptr) continue;
      expected = known->number + 1U;
      if (!read_field(field.value(), *known, depth)) {
        prefix_path(known->json_name);
        return false;
      }
    }
    return true;
  }

  // nullptr in `known`: the name is not in the schema. False: the key is not a JSON string.
  bool find_field(ondemand::field& field, const MessageSchema& schema, std::uint32_t expected,
                  const FieldSchema*& known) {
    const char* const raw = field.key().raw();
    const std::size_t count = schema.by_number.size();
    const FieldSchema& likely = schema.by_number[expected % count];
    const std::size_t likely_size = likely.json_name.size();
    // Names are shorter than the padding behind the document, so the comparison stays inside it.
    if (likely.number != 0 && std::memcmp(raw, likely.json_name.data(), likely_size) == 0 && raw[likely_size] == '"') {
      known = &likely;
      return true;
    }
    const char* raw_end = raw;
    while (*raw_end != '"' && *raw_end != '\\') ++raw_end;  // The parser has seen the closing quote.
    std::string_view name(raw, static_cast<std::size_t>(raw_end - raw));
    if (*raw_end == '\\') {
      if (const auto error = field.unescaped_key().get(name)) return fail_syntax(error);
    }
    for (const FieldSchema& candidate : schema.by_number) {
      if (candidate.number != 0 && candidate.json_name == name) {
        known = &candidate;
        return true;
      }
    }
    return true;
  }

  bool read_field(ondemand::value value, const FieldSchema& field, unsigned depth) {
    ondemand::json_type type;
    if (const auto error = value.type().get(type)) return fail_syntax(error);
    if (type == ondemand::json_type::null) {
      bool is_null = false;
      if (const auto error = value.is_null().get(is_null)) return fail_syntax(error);
      return is_null || fail(value, "must not be this word");
    }
    if (!field.repeated) return read_element(value, type, field, depth);
    if (type != ondemand::json_type::array) return fail(value, "must be an array");
    ondemand::array array;
    if (const auto error = value.get_array().get(array)) return fail_syntax(error);
    const std::size_t start = out_.size();
    std::size_t index = 0;
    for (auto element : array) {
      ondemand::value item;
      if (const auto error = std::move(element).get(item)) return fail_syntax(error);
      if (const auto error = item.type().get(type)) return fail_syntax(error);
      if (!read_element(item, type, field, depth)) {
        prefix_path("[" + std::to_string(index) + "]");
        return false;
      }
      ++index;
    }
    if (field.is_packed() && out_.size() != start) wrap(start, field);
    return true;
  }

  // Makes what was appended since `start` the content of a field.
  void wrap(std::size_t start, const FieldSchema& field) {
    std::array<std::uint8_t, kTagBytesMax + kVarintBytesMax> header;
    const auto* const end = put_message_header(header.data(), field.number, out_.size() - start);
    out_.insert(start, reinterpret_cast<const char*>(header.data()), static_cast<std::size_t>(end - header.data()));
  }

  bool read_element(ondemand::value& value, ondemand::json_type type, const FieldSchema& field, unsigned depth) {
    switch (field.kind) {
      case FieldKind::kMessage:
        return read_nested(value, type, field, depth);
      case FieldKind::kBool:
        return read_bool(value, type, field);
      case FieldKind::kEnum:
        return read_enum(value, type, field);
      case FieldKind::kInt32:
      case FieldKind::kSint32:
      case FieldKind::kInt64:
      case FieldKind::kSfixed64:
      case FieldKind::kUint32:
      case FieldKind::kFixed32:
      case FieldKind::kUint64:
      case FieldKind::kFixed64:
        return read_integer(value, type, field);
      case FieldKind::kDouble:
        return read_double(value, type, field);
      case FieldKind::kString:
      case FieldKind::kBytes:
      case FieldKind::kTraceId:
      case FieldKind::kSpanId:
        return read_bytes(value, type, field);
      case FieldKind::kUnknown:
        break;
    }
    return true;
  }

  bool read_nested(ondemand::value& value, ondemand::json_type type, const FieldSchema& field, unsigned depth) {
    if (type != ondemand::json_type::object) return fail(value, "must be an object");
    if (depth == kDepthMax) return fail(value, "messages are nested more than 100 deep");
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return fail_syntax(error);
    const std::size_t start = out_.size();
    if (!read_message(object, *field.message, depth + 1)) return false;
    wrap(start, field);
    return true;
  }

  bool read_bool(ondemand::value& value, ondemand::json_type type, const FieldSchema& field) {
    if (type != ondemand::json_type::boolean) return fail(value, "must be true or false");
    bool truth = false;
    if (const auto error = value.get_bool().get(truth)) return fail_syntax(error);
    put_number(field, truth ? 1 : 0);
    return true;
  }

  bool read_enum(ondemand::value& value, ondemand::json_type type, const FieldSchema& field) {
    if (type == ondemand::json_type::number) return read_integer(value, type, field);
    std::string_view name;
    if (!read_text(value, type, name)) return false;
    for (const EnumName& known : field.enum_names) {
      if (known.name != name) continue;
      put_number(field, static_cast<std::uint64_t>(std::int64_t{known.value}));
      return true;
    }
    return fail(value, "is not a name of this enum");
  }

  bool read_integer(ondemand::value& value, ondemand::json_type type, const FieldSchema& field) {
    std::string_view text;
    if (!read_number_text(value, type, text)) return false;
    const FieldKind kind = field.kind;
    const bool is_64_bits =
        wire_type_of(kind) == WireType::kFixed64 || kind == FieldKind::kInt64 || kind == FieldKind::kUint64;
    if (kind == FieldKind::kFixed64 || kind == FieldKind::kUint64 || kind == FieldKind::kUint32 ||
        kind == FieldKind::kFixed32) {
      const std::optional<std::uint64_t> number = parse_uint64(text);
      if (!number || (!is_64_bits && *number > UINT32_MAX)) {
        return fail(value, "must be a whole number in the range of its unsigned type");
      }
      put_number(field, *number);
      return true;
    }
    const std::optional<std::int64_t> number = parse_int64(text);
    if (!number || (!is_64_bits && (*number < INT32_MIN || *number > INT32_MAX))) {
      return fail(value, "must be a whole number in the range of its signed type");
    }
    put_number(field, kind == FieldKind::kSint32 ? zigzag(static_cast<std::int32_t>(*number))
                                                 : static_cast<std::uint64_t>(*number));
    return true;
  }

  bool read_double(ondemand::value& value, ondemand::json_type type, const FieldSchema& field) {
    std::string_view text;
    if (!read_number_text(value, type, text)) return false;
    const std::optional<double> number = parse_double(text);
    if (!number) return fail(value, "must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
    put_number(field, std::bit_cast<std::uint64_t>(*number));
    return true;
  }

  bool read_bytes(ondemand::value& value, ondemand::json_type type, const FieldSchema& field) {
    std::string_view text;
    if (!read_text(value, type, text)) return false;
    if (field.kind == FieldKind::kString) {
      // The document is valid UTF-8, but an escape can still spell half a surrogate pair.
      if (!is_valid_utf8(text)) return fail(value, "has an escape that is not a character");
    } else {
      decoded_.clear();
      if (field.kind == FieldKind::kBytes) {
        if (!base::append_from_base64(text, decoded_, base::Base64Alphabet::kStandardOrUrl))
          return fail(value, "must be base64");
      } else {
        const std::size_t size = field.kind == FieldKind::kTraceId ? otlp::kTraceIdBytes : otlp::kSpanIdBytes;
        const bool right_size = text.empty() || text.size() == 2 * size;
        if (!right_size || !append_from_hex(text, decoded_)) {
          return fail(value, size == otlp::kTraceIdBytes ? "must be 32 hex digits" : "must be 16 hex digits");
        }
      }
      text = decoded_;
    }
    if (writes(field, !text.empty())) Appender(out_).bytes_field(field.number, text);
    return true;
  }

  // The text of a number, or of a string that should hold one.
  bool read_number_text(ondemand::value& value, ondemand::json_type type, std::string_view& text) {
    if (type != ondemand::json_type::number) return read_text(value, type, text);
    text = token(value);
    return true;
  }

  // A string's text: where it stands if nothing in it is escaped, else in the parser's buffer.
  bool read_text(ondemand::value& value, ondemand::json_type type, std::string_view& text) {
    if (type != ondemand::json_type::string) return fail(value, "must be a string");
    text = token(value);
    if (std::memchr(text.data(), '\\', text.size()) == nullptr) {
      text = text.substr(1, text.size() - 2);
      return true;
    }
    const char* const start = text.data();
    const auto error = value.get_string().get(text);
    return error == simdjson::SUCCESS || fail_at(start, simdjson::error_message(error));
  }

  // The value as it is written, without the white space after it. Does not consume the value.
  static std::string_view token(ondemand::value& value) {
    const std::string_view raw = value.raw_json_token();
    return raw.substr(0, raw.find_last_not_of(" \t\r\n") + 1);
  }

  // proto3 leaves out zero values, except in a list, as the chosen member of a oneof and where they are optional.
  static bool writes(const FieldSchema& field, bool not_zero) {
    return not_zero || field.in_oneof || field.repeated || field.optional;
  }

  void put_packed(FieldKind kind, std::uint64_t value) {
    std::array<std::uint8_t, kVarintBytesMax> bytes;
    const std::uint8_t* end = nullptr;
    if (wire_type_of(kind) == WireType::kFixed64) {
      end = put_fixed(bytes.data(), value);
    } else if (wire_type_of(kind) == WireType::kFixed32) {
      end = put_fixed(bytes.data(), static_cast<std::uint32_t>(value));
    } else {
      end = put_varint(bytes.data(), value);
    }
    out_.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(end - bytes.data()));
  }

  void put_number(const FieldSchema& field, std::uint64_t value) {
    if (field.is_packed()) return put_packed(field.kind, value);
    if (!writes(field, value != 0)) return;
    Appender fields(out_);
    switch (field.wire_type) {
      case WireType::kFixed64:
        fields.fixed64_field(field.number, value);
        break;
      case WireType::kFixed32:
        fields.fixed32_field(field.number, static_cast<std::uint32_t>(value));
        break;
      default:
        fields.varint_field(field.number, value);
        break;
    }
  }

  // The path of a fault grows from the inside out: "traceId", "[7].traceId", "spans[7].traceId".
  void prefix_path(std::string_view step) {
    if (!path_.empty() && path_[0] != '[') path_.insert(0, 1, '.');
    path_.insert(0, step);
  }

  bool fail(ondemand::value& value, const char* reason) { return fail_at(value.raw_json_token().data(), reason); }

  bool fail_syntax(simdjson::error_code error) {
    const char* where = nullptr;
    // What is nowhere is missing at the end: a document cut short.
    if (error == simdjson::INCOMPLETE_ARRAY_OR_OBJECT || document_.current_location().get(where) != simdjson::SUCCESS) {
      where = json_.data() + json_.size();
    }
    return fail_at(where, simdjson::error_message(error));
  }

  bool fail_at(const char* where, const char* reason) {
    where_ = where;
    reason_ = reason;
    return false;
  }

  ondemand::document& document_;
  const std::string_view json_;
  std::string& out_;
  std::string decoded_;  // Of one hex or base64 string; kept for its memory.
  std::string path_;
  const char* reason_ = nullptr;
  const char* where_ = nullptr;
};

// What simdjson allocates for a capacity (3.x, "allocate" of the parser and of its implementation), the one place that
// knows: an index of 4 bytes for each byte of input, and 5/3 of the input for unescaped strings; rounded up to 64.
std::size_t parser_bytes(std::size_t capacity) {
  constexpr std::size_t kRounding = 1024;
  return capacity * 4 + capacity * 5 / 3 + kRounding;
}

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

}  // namespace

struct OtlpJsonReader::Parser {
  explicit Parser(const JsonReaderOptions& reader_options)
      : options(reader_options), parser(reader_options.bytes_max) {}

  // std::string may take twice what is asked for when it grows; a fresh one takes just that.
  void pad(std::string_view json) {
    if (padded.capacity() < json.size() + simdjson::SIMDJSON_PADDING) std::string().swap(padded);
    padded.reserve(json.size() + simdjson::SIMDJSON_PADDING);
    padded.assign(json);
    padded.append(simdjson::SIMDJSON_PADDING, '\0');
  }

  void give_back() {
    if (parser.capacity() <= options.kept_bytes_max) return;
    parser = ondemand::parser(options.bytes_max);
    std::string().swap(padded);  // An assignment would keep the memory.
  }

  JsonReaderOptions options;
  ondemand::parser parser;
  std::string padded;  // The document and the bytes past it that simdjson may read.
};

// The worst is a list of numbers of 8 bytes: "0," is two characters. What a field's name and quotes take is always more
// than its tag and length, but for "sum":0 and the like, by one; and before each field but an object's first, and
// before each element, stands a comma or a bracket.
std::size_t OtlpJsonReader::output_bytes_max(std::string_view json) {
  constexpr std::size_t kGrowthMax = 6;
  return json.size() + kGrowthMax * count_places(json);
}

std::size_t OtlpJsonReader::working_bytes(std::string_view json) {
  const std::size_t padded = json.size() + simdjson::SIMDJSON_PADDING;
  return padded + parser_bytes(json.size()) + output_bytes_max(json);
}

std::size_t OtlpJsonReader::kept_bytes() const {
  return parser_->padded.capacity() + parser_bytes(parser_->parser.capacity());
}

OtlpJsonReader::OtlpJsonReader(const JsonReaderOptions& options) : parser_(std::make_unique<Parser>(options)) {}
OtlpJsonReader::~OtlpJsonReader() = default;
OtlpJsonReader::OtlpJsonReader(OtlpJsonReader&&) noexcept = default;
OtlpJsonReader& OtlpJsonReader::operator=(OtlpJsonReader&&) noexcept = default;

Status OtlpJsonReader::read(const MessageSchema& schema, std::string_view json, std::string& out) {
  if (json.size() > parser_->options.bytes_max) {
    return Error{ErrorCode::kResourceExhausted, "document of " + std::to_string(json.size()) +
                                                    " bytes is above the limit of " +
                                                    std::to_string(parser_->options.bytes_max)};
  }
  const Status status = convert(schema, json, out);
  parser_->give_back();
  return status;
}

Status OtlpJsonReader::convert(const MessageSchema& schema, std::string_view json, std::string& out) {
  parser_->pad(json);
  ondemand::document document;
  if (const auto error =
          parser_->parser.iterate(parser_->padded.data(), json.size(), parser_->padded.size()).get(document)) {
    if (error == simdjson::UTF8_ERROR) return malformed({valid_utf8_prefix(json), "document is not valid UTF-8"});
    // The other faults of the first pass are found at the end: nothing, or a string or document that does not end.
    return malformed({json.size(), simdjson::error_message(error)});
  }
  const std::size_t old_size = out.size();
  out.reserve(old_size + output_bytes_max(json));
  Conversion conversion(document, std::string_view(parser_->padded.data(), json.size()), out);
  if (!conversion.run(schema)) {
    out.resize(old_size);
    return conversion.error();
  }
  return {};
}

}  // namespace nanospan::wire

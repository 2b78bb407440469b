// Strings that hold more than plain characters, escapes one by one, and values that nobody wants. Pure.
#include "wire/json_reader/json_cursor.h"

#include <array>
#include <bit>
#include <optional>

#include "wire/json_reader/json_look.h"
#include "wire/json_reader/json_scalars.h"
#include "wire/utf8.h"
#include "wire/writer.h"

namespace nanospan::wire {
namespace {

// The four digits at `at`; nothing if they are not four or not hex.
std::optional<std::uint32_t> hex4(const char* at, const char* end) {
  std::array<std::uint8_t, 2> bytes;
  if (end - at < 4 || put_from_hex(bytes.data(), {at, 4}) == nullptr) return std::nullopt;
  return static_cast<std::uint32_t>(bytes[0] << 8 | bytes[1]);
}

// The character of an escape such as \u00e9 or \ud83d\ude00; `at` stands after the 'u', and then after it.
std::optional<std::uint32_t> read_unicode_escape(const char*& at, const char* end) {
  const std::optional<std::uint32_t> unit = hex4(at, end);
  if (!unit) return std::nullopt;
  at += 4;
  if (*unit < 0xD800 || *unit > 0xDFFF) return unit;
  if (*unit > 0xDBFF || end - at < 6 || at[0] != '\\' || at[1] != 'u') return std::nullopt;
  const std::optional<std::uint32_t> low = hex4(at + 2, end);
  if (!low || *low < 0xDC00 || *low > 0xDFFF) return std::nullopt;
  at += 6;
  return 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
}

// The character of any escape; `at` stands after the backslash, and then after it.
std::optional<std::uint32_t> read_escape(const char*& at, const char* end) {
  if (at == end) return std::nullopt;
  switch (*at++) {
    case '"':
    case '\\':
    case '/':
      return static_cast<std::uint32_t>(at[-1]);
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'u':
      return read_unicode_escape(at, end);
    default:
      return std::nullopt;
  }
}

std::uint8_t* put_character(std::uint8_t* to, std::uint32_t code_point) {
  const auto put_tail = [&](unsigned shift) { *to++ = static_cast<std::uint8_t>(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80) {
    *to++ = static_cast<std::uint8_t>(code_point);
  } else if (code_point < 0x800) {
    *to++ = static_cast<std::uint8_t>(0xC0 | code_point >> 6);
    put_tail(0);
  } else if (code_point < 0x10000) {
    *to++ = static_cast<std::uint8_t>(0xE0 | code_point >> 12);
    put_tail(6);
    put_tail(0);
  } else {
    *to++ = static_cast<std::uint8_t>(0xF0 | code_point >> 18);
    put_tail(12);
    put_tail(6);
    put_tail(0);
  }
  return to;
}

}  // namespace

bool JsonCursor::any_string(JsonString& out) {
  const char* const start = at_ + 1;
  const char* at = start;
  bool is_ascii = true;
  out.escaped = false;
  for (;;) {
    const JsonMarks marks = json_marks(at, static_cast<std::size_t>(end_ - at));
    if (marks.stops == 0) {
      is_ascii &= marks.high == 0;
      at += kJsonLookBytes;
      continue;
    }
    is_ascii &= (marks.high & (marks.stops ^ (marks.stops - 1))) == 0;
    at += std::countr_zero(marks.stops);
    if (at == end_) return fail_at(end_, "a string does not end");
    if (*at == '"') break;
    if (*at != '\\') return fail_at(at, "a string has a control character that is not escaped");
    if (end_ - at < 2) return fail_at(end_, "a string does not end");
    out.escaped = true;
    is_ascii &= static_cast<signed char>(at[1]) >= 0;
    at += 2;
  }
  out.raw = {start, static_cast<std::size_t>(at - start)};
  if (!is_ascii) {
    const std::size_t valid = valid_utf8_prefix(out.raw);
    if (valid != out.raw.size()) return fail_at(start + valid, kNotUtf8);
  }
  at_ = at + 1;
  return true;
}

std::string_view JsonCursor::number() {
  const char* const start = at_;
  const auto is_of_number = [](char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
  };
  while (at_ != end_ && is_of_number(*at_)) ++at_;
  return {start, static_cast<std::size_t>(at_ - start)};
}

bool JsonCursor::word(std::string_view expected) {
  if (left() < expected.size() || std::string_view(at_, expected.size()) != expected) return fail("not a JSON value");
  at_ += expected.size();
  return true;
}

bool JsonCursor::skip_value(unsigned depth) {
  switch (peek()) {
    case '"': {
      JsonString text;
      const char* const start = at_;
      if (!string(text)) return false;
      return !text.escaped || is_unescapable(text.raw) || fail_at(start, kNotACharacter);
    }
    case '{':
      return skip_object(depth);
    case '[':
      return skip_array(depth);
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    default: {
      const char* const start = at_;
      return is_json_number(number()) || fail_at(start, "not a JSON value");
    }
  }
}

bool JsonCursor::skip_object(unsigned depth) {
  if (depth == kSkipDepthMax) return fail("a value is nested more than 500 deep");
  ++at_;
  if (take('}')) return true;
  do {
    if (peek() != '"') return fail("not a name in quotes");
    if (!skip_value(depth + 1)) return false;
    if (!take(':')) return fail("no ':' after a name");
    if (!skip_value(depth + 1)) return false;
  } while (take(','));
  return take('}') || fail("neither ',' nor '}' after a value");
}

bool JsonCursor::skip_array(unsigned depth) {
  if (depth == kSkipDepthMax) return fail("a value is nested more than 500 deep");
  ++at_;
  if (take(']')) return true;
  do {
    if (!skip_value(depth + 1)) return false;
  } while (take(','));
  return take(']') || fail("neither ',' nor ']' after a value");
}

bool is_unescapable(std::string_view raw) {
  const char* at = raw.data();
  const char* const end = at + raw.size();
  while (at != end) {
    if (*at++ == '\\' && !read_escape(at, end)) return false;
  }
  return true;
}

std::uint8_t* put_unescaped(std::uint8_t* to, std::string_view raw) {
  const char* at = raw.data();
  const char* const end = at + raw.size();
  while (at != end) {
    const auto* next = static_cast<const char*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
    if (next == nullptr) next = end;
    to = put_raw(to, {at, static_cast<std::size_t>(next - at)});
    if (next == end) break;
    at = next + 1;
    const std::optional<std::uint32_t> character = read_escape(at, end);
    if (!character) return nullptr;
    to = put_character(to, *character);
  }
  return to;
}

}  // namespace nanospan::wire

// JsonCursor: the tokens of one JSON document (RFC 8259), front to back, for a reader that knows what it expects.
//
//   cursor.take('{')  cursor.string(name)  cursor.take(':')  ...  cursor.take(',')  ...  cursor.take('}')
//
// Why not tokens in an array first: a reader with a schema knows at each place what may come, so that one pass is
// enough, and no memory is needed but for its output (docs/decisions/0029). Text is looked at 32 bytes at a time.
//
// What does not follow the grammar makes a call return false; fault() then says where and why. Nothing is allocated and
// nothing copied; the document must outlive the cursor. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "wire/fault.h"
#include "wire/json_reader/json_look.h"
#include "wire/varint.h"

namespace nanospan::wire {

/// What stands between the quotes of a string.
struct JsonString {
  std::string_view raw;
  bool escaped = false;  ///< There are backslashes in it: put_unescaped() reads it.
};

class JsonCursor {
 public:
  explicit JsonCursor(std::string_view json) : begin_(json.data()), at_(json.data()), end_(json.data() + json.size()) {}

  /// The next character that is not white space, where the cursor then stands; 0 at the end.
  char peek() {
    for (; at_ != end_; ++at_) {
      if (*at_ > ' ' || !is_space(*at_)) return *at_;
    }
    return '\0';
  }
  /// Steps over `c`, if it is what comes next.
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  /// Steps over `"name":`, if just that comes next, without an escape or white space in it. REQUIRES: peek() == '"'.
  bool take_name(std::string_view name) {
    if (left() < name.size() + 3) return false;
    if (at_[name.size() + 1] != '"' || at_[name.size() + 2] != ':' || !same_text(at_ + 1, name)) return false;
    at_ += name.size() + 3;
    return true;
  }
  /// Steps over the character that peek() returned. REQUIRES: not the end.
  void skip_peeked() { ++at_; }
  /// Reads a string of valid UTF-8 without control characters. REQUIRES: peek() == '"'.
  bool string(JsonString& out) {
    const char* const start = at_ + 1;
    const char* const end = plain_json_string_end(start, end_);
    if (end == nullptr) return any_string(out);
    out = {{start, static_cast<std::size_t>(end - start)}, false};
    at_ = end + 1;
    return true;
  }
  /// To after what was read without the cursor.
  void go_to(const char* at) { at_ = at; }
  /// The characters that a number can have; whether it is one, is_json_number() says.
  std::string_view number();
  /// Steps over null, true or false, if just that comes next.
  bool word(std::string_view expected);
  /// Steps over any value. Nested deeper than kSkipDepthMax, it is refused.
  bool skip_value() { return skip_value(0); }

  const char* at() const { return at_; }
  /// So many bytes from at() may be read, whatever they are.
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  /// Where the cursor stands there is not what must be there. Returns false, as the calls above do.
  bool fail(const char* reason) { return fail_at(at_, at_ == end_ ? "the document ends too early" : reason); }
  bool fail_at(const char* where, const char* reason) {
    fault_ = {static_cast<std::size_t>(where - begin_), reason};
    return false;
  }
  const Fault& fault() const { return fault_; }

  static constexpr unsigned kSkipDepthMax = 500;
  static constexpr const char* kNotUtf8 = "document is not valid UTF-8";
  static constexpr const char* kNotACharacter = "has an escape that is not a character";

 private:
  // Of lengths that names have; a call of memcmp costs more than the comparison.
  static bool same_text(const char* at, std::string_view text) {
    const std::size_t size = text.size();
    const auto differ8 = [&](std::size_t from) {
      return word_at<std::uint64_t>(at + from) ^ word_at<std::uint64_t>(text.data() + from);
    };
    const auto differ4 = [&](std::size_t from) {
      return word_at<std::uint32_t>(at + from) ^ word_at<std::uint32_t>(text.data() + from);
    };
    if (size > 24) return std::memcmp(at, text.data(), size) == 0;
    if (size > 16) return (differ8(0) | differ8(8) | differ8(size - 8)) == 0;
    if (size >= 8) return (differ8(0) | differ8(size - 8)) == 0;
    if (size >= 4) return (differ4(0) | differ4(size - 4)) == 0;
    for (std::size_t i = 0; i < size; ++i) {
      if (at[i] != text[i]) return false;
    }
    return true;
  }
  template <class Word>
  static Word word_at(const char* at) {
    return get_fixed<Word>(reinterpret_cast<const std::uint8_t*>(at));
  }
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  bool any_string(JsonString& out);
  bool skip_value(unsigned depth);
  bool skip_object(unsigned depth);
  bool skip_array(unsigned depth);

  const char* begin_;
  const char* at_;
  const char* end_;
  Fault fault_;
};

/// True if every escape in the text of a string is one, and none is half of a surrogate pair.
bool is_unescapable(std::string_view raw);

/// Writes what the text of a string means, which is never longer than it, and returns the end. nullptr if it is not
/// unescapable; what was written is then of no use. REQUIRES: raw.size() bytes of room.
std::uint8_t* put_unescaped(std::uint8_t* to, std::string_view raw);

}  // namespace nanospan::wire

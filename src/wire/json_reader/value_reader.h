// ValueReader: one value of OTLP/JSON that is no object and no list, from a JsonCursor into a field of a MessageWriter.
//
// The cursor stands at the value's first character, `first`, and then after it. False: the value is not what its field
// takes, and the cursor's fault says so. Keeps memory for strings that are no text. One thread at a time; cursor and
// writer must outlive it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "wire/json_reader/json_cursor.h"
#include "wire/json_reader/message_writer.h"

namespace nanospan::wire {

class ValueReader {
 public:
  ValueReader(JsonCursor& cursor, MessageWriter& out) : cursor_(cursor), out_(out) {}

  bool read_bool(const FieldSchema& field, char first);
  /// As a number, or by its name.
  bool read_enum(const FieldSchema& field, char first);
  bool read_integer(const FieldSchema& field, char first);
  bool read_double(const FieldSchema& field, char first);
  bool read_string(const FieldSchema& field, char first);
  bool read_bytes(const FieldSchema& field, char first);
  bool read_id(const FieldSchema& field, char first, std::size_t size);

 private:
  bool read_plain_integer(const FieldSchema& field, bool quoted);
  bool read_escaped_string(const FieldSchema& field, std::string_view raw, const char* start);
  bool read_text(char first, std::string_view& text);
  bool read_number_text(char first, std::string_view& text);

  JsonCursor& cursor_;
  MessageWriter& out_;
  std::string decoded_;    // Of base64; kept for its memory, as the next.
  std::string unescaped_;  // Of one string that is no text.
};

}  // namespace nanospan::wire

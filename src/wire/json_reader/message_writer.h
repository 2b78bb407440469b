// MessageWriter: the fields of nested messages, front to back into a RawOutput. The length of a message is known at its
// end, and as long as that of the one before it at that depth, nearly always: so much room is left for it, and its
// content moved where that was wrong.
//
// It grows the output as it must. One thread at a time; the output must outlive it.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "wire/json_reader/raw_output.h"
#include "wire/otlp_schema.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nanospan::wire {

class MessageWriter {
 public:
  /// Beyond what the fields need: headers of open messages, and what is copied in steps of kCopyStep.
  static constexpr std::size_t kRoomBeyond = 2048;
  /// Short text is copied in one step: a copy of whatever length costs a call.
  static constexpr std::size_t kCopyStep = 32;

  /// `all_bytes()` is how much memory the whole output can take at most: asked when it is to grow.
  MessageWriter(RawOutput& out, std::size_t (*all_bytes)(std::string_view), std::string_view json)
      : out_(out), all_bytes_(all_bytes), json_(json) {
    length_bytes_.fill(1);
  }

  /// Where `bytes` more can be written; then say where they end. What was returned before is void.
  std::uint8_t* room(std::size_t bytes) {
    if (!out_.has_room(bytes)) [[unlikely]] {
      out_.grow(std::max(all_bytes_(json_) + kRoomBeyond, out_.size() + bytes + out_.capacity() / 2));
    }
    return out_.end();
  }
  void wrote_to(std::uint8_t* end) { out_.wrote_to(end); }

  // ---- messages ----

  struct Open {
    std::size_t content = 0;  // Where it begins.
    std::size_t length_bytes = 0;
  };

  /// What is written until close(), at the same depth, is in this field's message. REQUIRES: depth <= kDepthMax.
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

  // ---- fields ----

  /// proto3 leaves out zero values, except in a list, as the chosen member of a oneof and where they are optional.
  static bool writes(const FieldSchema& field, bool not_zero) {
    return not_zero || field.in_oneof || field.repeated || field.optional;
  }

  /// A number in the form of its field, doubles as their bits. In a list, which is packed, it has no tag.
  void put_number(const FieldSchema& field, std::uint64_t value) {
    if (!writes(field, value != 0)) return;
    std::uint8_t* to = room(kTagBytesMax + kVarintBytesMax);
    const WireType type = wire_type_of(field.kind);
    if (!field.repeated) to = put_tag(to, field.number, type);
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

  /// `has_step`: kCopyStep bytes can be read from the text's first on, whatever its length.
  void put_text(const FieldSchema& field, std::string_view text, bool has_step) {
    if (!writes(field, !text.empty())) return;
    std::uint8_t* to = room(kTagBytesMax + kLengthBytesMax + text.size() + kCopyStep);
    to = put_message_header(to, field.number, text.size());
    if (text.size() > kCopyStep || !has_step) return out_.wrote_to(put_raw(to, text));
    std::memcpy(to, text.data(), kCopyStep);
    out_.wrote_to(to + text.size());
  }

 private:
  RawOutput& out_;
  std::size_t (*const all_bytes_)(std::string_view);
  const std::string_view json_;
  std::array<std::uint8_t, kDepthMax + 1> length_bytes_;  // Of the last message at each depth.
};

}  // namespace nanospan::wire

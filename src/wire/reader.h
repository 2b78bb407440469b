// A pull reader over protobuf bytes: next() steps to a field and has already checked its payload; the accessors cannot
// fail.
//
//   Reader spans(bytes);
//   while (spans.next()) {
//     if (spans.field() == otlp::ScopeSpans::kSpans) visit(spans.message());
//   }
//   if (!spans.ok()) report(spans.fault());
//
// Nothing is allocated and nothing is copied; the bytes must outlive the reader. A child from message() reports its own
// fault, with the offset still counted from the outermost message. Reads what protozero or prost would read, and
// refuses what the strictest of them refuses: groups, field number 0, tags above 32 bits, lengths past the end, more
// than kDepthMax levels. One thread at a time.
#pragma once

#include <cassert>
#include <string_view>

#include "wire/fault.h"
#include "wire/varint.h"

namespace nanospan::wire {

/// Levels of nested messages under the outermost: what prost, libprotobuf, Java and upb allow by default.
inline constexpr unsigned kDepthMax = 100;

class Reader {
 public:
  Reader(const std::uint8_t* data, std::size_t size) : Reader(data, size, data, 0) {}
  explicit Reader(std::string_view bytes) : Reader(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()) {}

  /// Steps to the next field. False at the end and at a fault; from then on it stays false.
  bool next() {
    if (at_ == end_) return false;
    std::uint64_t tag_value = 0;
    const std::uint8_t* payload = get_varint(at_, end_, kTagBytesMax, tag_value);
    if (payload == nullptr) return fail(at_, "field tag is cut off or too long");
    if (tag_value > kTagMax) return fail(at_, "field tag is above 32 bits");
    field_ = static_cast<std::uint32_t>(tag_value >> 3);
    if (field_ == 0) return fail(at_, "field number is 0");
    type_ = static_cast<WireType>(tag_value & 7);
    return read_payload(payload);
  }

  /// False once next() met a fault.
  bool ok() const { return fault_.text == nullptr; }
  const Fault& fault() const { return fault_; }

  /// The field that next() stepped to.
  std::uint32_t field() const { return field_; }
  WireType type() const { return type_; }
  bool is(std::uint32_t field, WireType type) const { return field_ == field && type_ == type; }
  /// Where the payload begins, from the first byte of the outermost message.
  std::size_t offset() const { return static_cast<std::size_t>(payload_ - origin_); }

  /// REQUIRES: type() == kVarint.
  std::uint64_t varint() const {
    assert(type_ == WireType::kVarint);
    return value_;
  }
  /// REQUIRES: type() == kFixed32.
  std::uint32_t fixed32() const {
    assert(type_ == WireType::kFixed32);
    return get_fixed<std::uint32_t>(payload_);
  }
  /// REQUIRES: type() == kFixed64.
  std::uint64_t fixed64() const {
    assert(type_ == WireType::kFixed64);
    return get_fixed<std::uint64_t>(payload_);
  }
  /// REQUIRES: type() == kFixed64.
  double fixed_double() const { return std::bit_cast<double>(fixed64()); }
  /// Any of these as bits. REQUIRES: type() != kBytes.
  std::uint64_t number() const {
    if (type_ == WireType::kVarint) return varint();
    return type_ == WireType::kFixed64 ? fixed64() : fixed32();
  }
  /// Content of a string, bytes or message field. REQUIRES: type() == kBytes.
  std::string_view bytes() const {
    assert(type_ == WireType::kBytes);
    return {reinterpret_cast<const char*>(payload_), static_cast<std::size_t>(at_ - payload_)};
  }
  /// A reader over a nested message, already at fault if it lies too deep. REQUIRES: type() == kBytes.
  Reader message() const {
    assert(type_ == WireType::kBytes);
    Reader child(payload_, static_cast<std::size_t>(at_ - payload_), origin_, depth_ + 1);
    if (child.depth_ > kDepthMax) child.fail(payload_, "messages are nested more than 100 deep");
    return child;
  }
  /// The whole field, tag included: what to copy to pass it on as it is.
  std::string_view raw_field() const {
    return {reinterpret_cast<const char*>(field_start_), static_cast<std::size_t>(at_ - field_start_)};
  }

 private:
  Reader(const std::uint8_t* data, std::size_t size, const std::uint8_t* origin, unsigned depth)
      : at_(data), end_(data + size), origin_(origin), depth_(depth) {}

  bool read_payload(const std::uint8_t* payload) {
    field_start_ = at_;
    payload_ = payload;
    const auto left = static_cast<std::size_t>(end_ - payload);
    const std::uint8_t* after = nullptr;
    switch (type_) {
      case WireType::kVarint:
        after = get_varint(payload, end_, kVarintBytesMax, value_);
        if (after == nullptr) return fail(payload, "varint is cut off or longer than 64 bits");
        break;
      case WireType::kBytes: {
        std::uint64_t length = 0;
        payload_ = get_varint(payload, end_, kLengthBytesMax, length);
        if (payload_ == nullptr) return fail(payload, "length is cut off or too long");
        if (length > static_cast<std::size_t>(end_ - payload_)) return fail(payload, "length runs past the end");
        after = payload_ + length;
        break;
      }
      case WireType::kFixed64:
        if (left < 8) return fail(payload, "fixed64 is cut off");
        after = payload + 8;
        break;
      case WireType::kFixed32:
        if (left < 4) return fail(payload, "fixed32 is cut off");
        after = payload + 4;
        break;
      default:
        return fail(field_start_, "wire type is a group or unknown");
    }
    at_ = after;
    return true;
  }

  bool fail(const std::uint8_t* where, const char* text) {
    fault_ = {static_cast<std::size_t>(where - origin_), text};
    at_ = end_;
    return false;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  const std::uint8_t* origin_;
  const std::uint8_t* field_start_ = nullptr;
  const std::uint8_t* payload_ = nullptr;
  std::uint64_t value_ = 0;
  std::uint32_t field_ = 0;
  unsigned depth_;
  WireType type_ = WireType::kVarint;
  Fault fault_;
};

}  // namespace nanospan::wire

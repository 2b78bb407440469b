// Cursor: reads the integers of .eh_frame from bytes that are not trusted. Past the end it yields zeros and stays bad.
//
// Source: DWARF 5, 7.6 (LEB128); Linux Standard Base, "DWARF Extensions" (pointer encodings). One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace nanospan::profile {

class Cursor {
 public:
  /// `address` is what the first byte's address is, or would be, in the process: pc-relative pointers count from it.
  Cursor(std::string_view bytes, std::uint64_t address) : bytes_(bytes), address_(address) {}

  bool ok() const { return ok_; }
  bool at_end() const { return !ok_ || at_ == bytes_.size(); }
  std::size_t at() const { return at_; }
  std::uint64_t address() const { return address_ + at_; }

  template <class T>
  T fixed() {
    T value{};
    if (!need(sizeof(T))) return value;
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  std::uint8_t byte() { return fixed<std::uint8_t>(); }

  std::uint64_t uleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint8_t next = byte();
      if (!ok_ || shift > 63) return fail();
      value |= static_cast<std::uint64_t>(next & 0x7F) << shift;
      if ((next & 0x80) == 0) return value;
    }
  }
  std::int64_t sleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;;) {
      const std::uint8_t next = byte();
      if (!ok_ || shift > 63) return static_cast<std::int64_t>(fail());
      value |= static_cast<std::uint64_t>(next & 0x7F) << shift;
      shift += 7;
      if ((next & 0x80) != 0) continue;
      if ((next & 0x40) != 0 && shift < 64) value |= ~std::uint64_t{0} << shift;
      return static_cast<std::int64_t>(value);
    }
  }
  std::string_view take(std::uint64_t size) {
    if (!need(size)) return {};
    const std::string_view taken = bytes_.substr(at_, static_cast<std::size_t>(size));
    at_ += static_cast<std::size_t>(size);
    return taken;
  }
  std::string_view until_zero() {
    const std::size_t end = ok_ ? bytes_.find('\0', at_) : std::string_view::npos;
    if (end == std::string_view::npos) return take(bytes_.size() + 1);
    const std::string_view text = take(end - at_);
    byte();
    return text;
  }

  /// A pointer in one of the DW_EH_PE encodings, as far as they occur in FDEs: its value; fails on indirect ones.
  std::uint64_t pointer(std::uint8_t encoding) {
    const std::uint64_t base = (encoding & 0x70) == 0x10 ? address() : 0;
    if ((encoding & 0x80) != 0 || ((encoding & 0x70) != 0 && (encoding & 0x70) != 0x10)) return fail();
    const std::uint64_t value = plain(encoding);
    return ok_ ? base + value : 0;
  }
  /// The number alone, as for a range's length: without what it is relative to.
  std::uint64_t plain(std::uint8_t encoding) {
    switch (encoding & 0x0F) {
      case 0x00:  // absptr
      case 0x04:  // udata8
      case 0x0C:  // sdata8
        return fixed<std::uint64_t>();
      case 0x01:
        return uleb();
      case 0x02:
        return fixed<std::uint16_t>();
      case 0x03:
        return fixed<std::uint32_t>();
      case 0x09:
        return static_cast<std::uint64_t>(sleb());
      case 0x0A:
        return static_cast<std::uint64_t>(std::int64_t{fixed<std::int16_t>()});
      case 0x0B:
        return static_cast<std::uint64_t>(std::int64_t{fixed<std::int32_t>()});
      default:
        return fail();
    }
  }

  std::uint64_t fail() {
    ok_ = false;
    return 0;
  }

 private:
  bool need(std::uint64_t size) {
    if (!ok_ || size > bytes_.size() - at_) ok_ = false;
    return ok_;
  }

  std::string_view bytes_;
  std::uint64_t address_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace nanospan::profile

// RawOutput: memory that a writer of protobuf fills front to back, and that is kept for the next message.
//
// Why not std::string: it fills with zeros what is overwritten at once. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace nanospan::wire {

class RawOutput {
 public:
  std::size_t size() const { return static_cast<std::size_t>(end_ - memory_.get()); }
  std::size_t capacity() const { return static_cast<std::size_t>(limit_ - memory_.get()); }
  std::string_view view() const { return {reinterpret_cast<const char*>(memory_.get()), size()}; }

  bool has_room(std::size_t bytes) const { return static_cast<std::size_t>(limit_ - end_) >= bytes; }
  /// Where what comes next is written; then say where it ends. REQUIRES: has_room() for it.
  std::uint8_t* end() { return end_; }
  void wrote_to(std::uint8_t* end) { end_ = end; }
  /// What was written before.
  std::uint8_t* at(std::size_t offset) { return memory_.get() + offset; }

  /// Keeps what was written; pointers into it are void. REQUIRES: capacity >= size().
  void grow(std::size_t capacity) {
    const std::size_t used = size();
    std::unique_ptr<std::uint8_t[]> grown(new std::uint8_t[capacity]);
    if (used > 0) std::memcpy(grown.get(), memory_.get(), used);
    memory_ = std::move(grown);
    end_ = memory_.get() + used;
    limit_ = memory_.get() + capacity;
  }
  /// Empty, its memory kept.
  void clear() { end_ = memory_.get(); }
  /// Empty, without memory.
  void give_back() {
    memory_.reset();
    end_ = limit_ = nullptr;
  }

 private:
  std::unique_ptr<std::uint8_t[]> memory_;
  std::uint8_t* end_ = nullptr;
  std::uint8_t* limit_ = nullptr;
};

}  // namespace nanospan::wire

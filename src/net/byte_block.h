// ByteBlock: an owned, uninitialised, exactly sized piece of memory that bytes are received into.
//
// Why not std::string: growing it zero-fills and moves, and a received body of some megabytes should be written once,
// by the kernel (DESIGN, "What decides its speed"). Move-only, one owner, no locking. Views of it are std::string_view,
// the form in which this module passes bytes everywhere.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace nanospan::net {

class ByteBlock {
 public:
  ByteBlock() = default;

  /// An empty block with room for `capacity` bytes; capacity() is 0 if memory ran out.
  static ByteBlock with_capacity(std::size_t capacity) {
    ByteBlock block;
    block.reserve(capacity);
    return block;
  }
  static ByteBlock copy_of(std::string_view bytes) {
    ByteBlock block = with_capacity(bytes.size());
    block.append(bytes);
    return block;
  }

  ByteBlock(ByteBlock&& other) noexcept
      : data_(std::move(other.data_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  ByteBlock& operator=(ByteBlock&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  std::string_view view() const { return {data_.get(), size_}; }
  const char* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }

  /// Where the next bytes go, and how many fit. Write there, then call wrote().
  char* tail() { return data_.get() + size_; }
  std::size_t room() const { return capacity_ - size_; }
  void wrote(std::size_t count) { size_ += count; }
  void clear() { size_ = 0; }

  /// Makes room for `capacity` bytes in all; false (and nothing changed) if memory ran out.
  bool reserve(std::size_t capacity) {
    if (capacity <= capacity_) return true;
    void* grown = std::realloc(data_.get(), capacity);
    if (grown == nullptr) return false;
    static_cast<void>(data_.release());
    data_.reset(static_cast<char*>(grown));
    capacity_ = capacity;
    return true;
  }

  /// Gives back room that was not needed, where it is more than an eighth (a block that is kept should be its size).
  void trim() {
    if (room() <= capacity_ / 8) return;
    if (void* trimmed = std::realloc(data_.get(), std::max<std::size_t>(size_, 1)); trimmed != nullptr) {
      static_cast<void>(data_.release());
      data_.reset(static_cast<char*>(trimmed));
      capacity_ = std::max<std::size_t>(size_, 1);
    }
  }

  /// Appends at most room() bytes. REQUIRES: bytes.size() <= room().
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(tail(), bytes.data(), bytes.size());
    size_ += bytes.size();
  }

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  std::unique_ptr<char, Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace nanospan::net

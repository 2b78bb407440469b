// Http2Output: the bytes that a session wants to send, as a list of pieces for one gathered write.
//
// Frame headers and small things are copied into blocks of its own; large bodies stay where they are, and each piece
// of one holds its owner, so that a stream may be reset while its bytes wait for the socket. Not thread-safe.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace nanospan::net {

class Http2Output {
 public:
  /// Pieces at most this long are copied: cheaper than an iovec of their own.
  static constexpr std::size_t kCopyBytesMax = 512;

  void append_copy(std::string_view bytes);
  /// `owner` keeps `bytes` alive; it is held until they are sent.
  void append(std::string_view bytes, const std::shared_ptr<const void>& owner);

  std::size_t bytes() const { return bytes_; }
  std::size_t pieces() const { return pieces_.size() - first_; }
  bool empty() const { return bytes_ == 0; }
  /// Of the blocks that small pieces are copied into.
  std::size_t kept_bytes() const { return blocks_.empty() ? 0 : kFirstBlockBytes + (blocks_.size() - 1) * kBlockBytes; }

  /// The next bytes to write, as many pieces as fit; how many that are.
  std::size_t gather(std::span<iovec> into) const;
  /// The first `bytes` of them have been written. REQUIRES: bytes <= bytes().
  void sent(std::size_t bytes);

 private:
  struct Piece {
    const char* data;
    std::size_t size;
    std::shared_ptr<const void> owner;  // null: in blocks_
  };
  // The first block is kept when all is sent, by every idle connection: so it is small.
  static constexpr std::size_t kFirstBlockBytes = 1u << 10;
  static constexpr std::size_t kBlockBytes = 16u << 10;
  std::size_t block_bytes() const { return blocks_.size() == 1 ? kFirstBlockBytes : kBlockBytes; }

  std::vector<Piece> pieces_;
  std::size_t first_ = 0;  // of pieces_: the ones before are sent
  std::size_t bytes_ = 0;
  std::vector<std::unique_ptr<char[]>> blocks_;  // freed, but for the first, when all is sent
  std::size_t block_used_ = 0;                   // of the last one
};

}  // namespace nanospan::net

// Long pieces are referred to, short ones are copied together. Threads: see the header.
#include "net/http2_output.h"

#include <algorithm>
#include <cstring>

namespace nanospan::net {

void Http2Output::append_copy(std::string_view bytes) {
  while (!bytes.empty()) {
    if (blocks_.empty() || block_used_ == block_bytes()) {
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(blocks_.empty() ? kFirstBlockBytes : kBlockBytes));
      block_used_ = 0;
    }
    const std::size_t count = std::min(bytes.size(), block_bytes() - block_used_);
    char* const at = blocks_.back().get() + block_used_;
    std::memcpy(at, bytes.data(), count);
    block_used_ += count;
    bytes_ += count;
    bytes.remove_prefix(count);
    const bool follows =
        pieces() != 0 && pieces_.back().owner == nullptr && pieces_.back().data + pieces_.back().size == at;
    if (follows) {
      pieces_.back().size += count;
    } else {
      pieces_.push_back({at, count, nullptr});
    }
  }
}

void Http2Output::append(std::string_view bytes, const std::shared_ptr<const void>& owner) {
  if (bytes.size() <= kCopyBytesMax) return append_copy(bytes);
  pieces_.push_back({bytes.data(), bytes.size(), owner});
  bytes_ += bytes.size();
}

std::size_t Http2Output::gather(std::span<iovec> into) const {
  const std::size_t count = std::min(into.size(), pieces());
  for (std::size_t i = 0; i < count; ++i) {
    const Piece& piece = pieces_[first_ + i];
    into[i] = {const_cast<char*>(piece.data), piece.size};
  }
  return count;
}

void Http2Output::sent(std::size_t bytes) {
  bytes_ -= bytes;
  while (bytes != 0) {
    Piece& piece = pieces_[first_];
    const std::size_t count = std::min(bytes, piece.size);
    piece.data += count;
    piece.size -= count;
    bytes -= count;
    if (piece.size != 0) return;
    piece.owner.reset();
    ++first_;
  }
  if (first_ != pieces_.size()) return;
  pieces_.clear();
  first_ = 0;
  if (blocks_.size() > 1) blocks_.resize(1);
  block_used_ = 0;
}

}  // namespace nanospan::net

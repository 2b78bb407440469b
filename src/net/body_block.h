// BodyBlock: the memory of a body that is arriving, charged to its ticket in step with its bytes.
//
// Where the length was declared, and is not very large, the block has that size from its first byte: what was received
// is then never copied into a larger one. Untouched, such a block is address space, not memory: its pages come with the
// bytes, as the charge does. What is said to have room is what is charged.
//
// One owner, one thread.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "net/byte_block.h"

namespace nanospan::net {

class BodyTicket;

/// How much of a body's declared length is given room on trust.
inline constexpr std::size_t kBodyBytesFirst = 64u << 10;

class BodyBlock {
 public:
  /// How long the body will be, as far as it is known.
  struct Length {
    std::size_t bytes_max = 0;  ///< It is no longer than this,
    bool declared = false;      ///< and so long indeed, if its sender does what it said.
  };

  /// Makes room for `more` bytes: twice what is there, up to the length. So a budget gives in step with the bytes that
  /// arrive, never for a promise: some heads that declare 20 MB each must not take what all others have. False, and
  /// nothing changed but the charge, if the ticket (null: there is none) or the machine has no more.
  bool make_room(std::size_t more, Length length, BodyTicket* ticket);

  std::size_t size() const { return block_.size(); }
  /// Where the next bytes go; then say how many came.
  std::span<char> room() { return {block_.tail(), charged_ - block_.size()}; }
  void wrote(std::size_t count) { block_.wrote(count); }
  /// REQUIRES: that there is room.
  void append(std::string_view bytes) { block_.append(bytes); }

  ByteBlock take() {
    charged_ = 0;
    return std::move(block_);
  }

 private:
  ByteBlock block_;
  std::size_t charged_ = 0;
};

}  // namespace nanospan::net

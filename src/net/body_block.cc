// Charge first, then memory. Threads: see the header.
#include "net/body_block.h"

#include <algorithm>

#include "net/http_server.h"

namespace nanospan::net {
namespace {

// More than nearly all requests have. Larger ones grow, and are copied, as they arrive.
constexpr std::size_t kWholeBytesMax = 4u << 20;

}  // namespace

bool BodyBlock::make_room(std::size_t more, Length length, BodyTicket* ticket) {
  const std::size_t size = block_.size();
  if (size + more <= charged_) return true;
  const std::size_t charge = std::max(size + more, std::min(2 * size, length.bytes_max));
  const std::size_t end = length.declared ? std::max(charge, length.bytes_max) : charge;
  if (ticket != nullptr && !ticket->grow(charge, end)) return false;
  const bool whole = length.declared && length.bytes_max <= kWholeBytesMax;
  if (!(whole && block_.reserve(length.bytes_max)) && !block_.reserve(charge)) return false;
  charged_ = charge;
  return true;
}

}  // namespace nanospan::net

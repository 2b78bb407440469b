// The compressed forms of a batch. Thread-safe.
#include "gateway/pipeline/batch.h"

namespace nanospan::gateway {

Batch::Batch(net::ByteBlock bytes, std::optional<EncodedBody> received, SpanCounts counts, BudgetCharge charge,
             Signal signal)
    : bytes_(std::move(bytes)), counts_(counts), signal_(signal), charge_(std::move(charge)) {
  if (received) encoded_.push_back(*std::move(received));
}

std::string_view Batch::find(net::Coding coding) const {
  for (const EncodedBody& body : encoded_) {
    if (body.coding == coding) return body.block.view();
  }
  return {};
}

std::string_view Batch::kept(net::Coding coding) const {
  const std::lock_guard lock(mutex_);
  return find(coding);
}

Result<std::string_view> Batch::encoded(const net::Codec& codec, int level) const {
  const std::lock_guard lock(mutex_);
  if (const std::string_view there = find(codec.coding); !there.empty()) return there;
  const std::string_view whole = bytes();
  Result<net::ByteBlock> made = codec.encode({&whole, 1}, level);
  if (!made) return made.error();
  charge_.overdraw(made->capacity());
  encoded_.push_back({codec.coding, std::move(made).value()});
  return encoded_.back().block.view();
}

}  // namespace nanospan::gateway

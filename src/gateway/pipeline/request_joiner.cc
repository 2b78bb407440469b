// Gathering and cutting. Threads: see the header.
#include "gateway/pipeline/request_joiner.h"

#include <algorithm>

#include "gateway/config/units.h"
#include "gateway/pipeline/request_builder.h"
#include "gateway/pipeline/request_splitter.h"

namespace nanospan::gateway {
namespace {

// What splitting may repeat of a request's envelopes, beside the size of the request itself: senders choose both the
// size of a resource and the number of spans under it.
constexpr std::uint64_t kRepeatedBytesMax = 1 << 20;

}  // namespace

void RequestJoiner::Senders::add(const Outcome& outcome, std::uint64_t items, std::uint64_t rejected) {
  {
    const std::lock_guard lock(mutex_);
    retry_ |= outcome.kind == Outcome::Kind::kRetry;
    taken_ |= outcome.kind == Outcome::Kind::kAccepted;
    rejected_ += outcome.kind == Outcome::Kind::kPermanent ? items : rejected;
    retry_after_nanos_ = std::max(retry_after_nanos_, outcome.retry_after_nanos);
    if (message_.empty()) message_ = outcome.message;
  }
  release();
}

/// What must be sent again must be sent again as a whole; duplicates are allowed, loss is not.
Outcome RequestJoiner::Senders::joined() {
  if (retry_) return Outcome::retry(std::move(message_), retry_after_nanos_);
  return taken_ ? Outcome::partial(rejected_, std::move(message_)) : Outcome::permanent(std::move(message_));
}

std::uint64_t RequestJoiner::parts_of(const Batch& batch, std::uint64_t envelope) const {
  const std::uint64_t most = limits_.size_max, items = batch.counts().spans;
  if (limits_.sizer == BatchSizer::kItems) return items / most + 1;
  // Each part has its envelope and at least one item.
  return most > envelope ? std::min(items, batch.bytes().size() / (most - envelope) + 1) : items;
}

std::optional<Outcome> RequestJoiner::reserve(const Batch& batch) {
  std::uint64_t repeated = 0;
  if (must_split(batch)) {
    const std::uint64_t envelope = RequestSplitter::largest_envelope(batch.bytes(), batch.signal());
    repeated = parts_of(batch, envelope) * envelope;
    if (repeated > kRepeatedBytesMax + batch.bytes().size()) {
      return Outcome::permanent("to split the request at its maximum size would repeat its resource, " +
                                format_byte_size(repeated) + " in all; raise the maximum");
    }
  }
  if (!grow_for(open_.bytes, batch.bytes().size() + repeated)) return Outcome::retry("out of memory");
  return std::nullopt;
}

std::uint64_t RequestJoiner::append(const Batch& batch, const std::shared_ptr<Senders>& senders, bool is_owed,
                                    std::vector<Joined>& ready) {
  const SpanCounts& counts = batch.counts();
  open_.signal = batch.signal();
  if (!must_split(batch)) {
    open_.bytes.append(batch.bytes());
    open_.counts.resources += counts.resources;
    open_.counts.scopes += counts.scopes;
    open_.counts.spans += counts.spans;
    note(counts.spans, senders, is_owed);
    return 0;
  }
  const bool by_bytes = limits_.sizer == BatchSizer::kBytes;
  RequestSplitter splitter(batch.bytes(), batch.signal());
  for (std::uint64_t left = counts.spans; left != 0;) {
    if (!empty() && size() >= limits_.size_max) ready.push_back(cut());
    open_.signal = batch.signal();
    const std::uint64_t before = items(), room = limits_.size_max - size();
    const bool taken = by_bytes ? splitter.take_bytes(room, empty(), open_.bytes, open_.counts)
                                : splitter.take(room, open_.bytes, open_.counts);
    const std::uint64_t got = items() - before;
    if (taken && got == 0 && by_bytes && !empty()) {  // the next item does not fit beside what is there
      ready.push_back(cut());
      continue;
    }
    if (!taken || got == 0) {
      if (senders != nullptr) {
        senders->expect();
        senders->add(Outcome::retry("out of memory"), left, 0);
      }
      return left;
    }
    note(got, senders, is_owed);
    left -= got;
  }
  return 0;
}

/// Who waits for the last `items` of the open batch.
void RequestJoiner::note(std::uint64_t items, const std::shared_ptr<Senders>& senders, bool is_owed) {
  if (open_.since == 0) open_.since = clock_.monotonic_now();
  if (budget_ != nullptr && open_.bytes.capacity() > open_.charge.bytes()) {
    if (open_.charge.bytes() == 0) open_.charge = BudgetCharge(*budget_);
    open_.charge.overdraw(open_.bytes.capacity() - open_.charge.bytes());
  }
  if (is_owed) open_.owed_items += items;
  if (senders == nullptr) return;
  senders->expect();
  open_.waiting.push_back({senders, items});
}

RequestJoiner::Joined RequestJoiner::cut() {
  Open open = std::exchange(open_, Open());
  open.bytes.trim();
  open.charge.shrink_to(open.bytes.capacity());
  return {std::make_shared<const Batch>(std::move(open.bytes), std::nullopt, open.counts, std::move(open.charge),
                                        open.signal),
          std::move(open.waiting), open.owed_items};
}

void RequestJoiner::answer(const std::vector<Waiting>& waiting, const Outcome& outcome) {
  std::uint64_t rejected = outcome.rejected_spans;
  for (const Waiting& one : waiting) {
    const std::uint64_t share = std::min(rejected, one.items);
    rejected -= share;
    one.senders->add(outcome, one.items, share);
  }
}

}  // namespace nanospan::gateway

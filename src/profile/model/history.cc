// Where time or memory is up the oldest buckets go, and the store of stacks is built anew from what is left. Threads:
// see the header.
#include "profile/model/history.h"

#include <algorithm>
#include <utility>

namespace nanospan::profile {
namespace {

constexpr std::int64_t kNanosPerMicro = 1000;

std::uint32_t clamped(std::int64_t value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, UINT32_MAX));
}

}  // namespace

// Half for the stacks, half for the buckets: each half is enforced on its own.
History::History(HistoryOptions options)
    : options_(options), store_(std::make_unique<StackStore>(options.bytes_max / 2)) {}

void History::add(base::UnixNanos now, std::uint32_t stack, std::uint32_t labels, const WindowValues& values) {
  if (open_.empty()) open_from_ = now;
  open_.add(stack, labels, values);
  open_to_ = std::max(now, open_from_);
  const bool is_large = open_.size() * Window::kEntryBytes > options_.bytes_max / 8;
  if (now - open_from_ >= options_.bucket_nanos || now < open_from_ || is_large) close(now);
}

void History::close(base::UnixNanos now) {
  Bucket bucket{open_from_, open_to_, {}};
  bucket.entries.reserve(open_.size());
  open_.for_each([&](std::uint32_t stack, std::uint32_t labels, const WindowValues& values) {
    bucket.entries.push_back({stack, labels, clamped(values[0]), clamped(values[1] / kNanosPerMicro)});
  });
  entry_bytes_ += bucket.entries.size() * sizeof(Entry);
  closed_.push_back(std::move(bucket));
  open_ = Window();
  const auto drop_oldest = [&] {
    entry_bytes_ -= closed_.front().entries.size() * sizeof(Entry);
    closed_.pop_front();
  };
  while (!closed_.empty() && now > closed_.front().to && now - closed_.front().to > options_.keep_nanos) drop_oldest();
  while (entry_bytes_ > options_.bytes_max / 4) drop_oldest();
  if (!store_->full()) return;
  // Stacks that no bucket has any more make room; if that is not enough, the older half of the time goes.
  rebuild();
  if (!store_->full()) return;
  for (std::size_t i = closed_.size() / 2 + 1; i > 0 && !closed_.empty(); --i) drop_oldest();
  rebuild();
}

void History::rebuild() {
  auto fresh = std::make_unique<StackStore>(options_.bytes_max / 2);
  for (Bucket& bucket : closed_) {
    for (Entry& entry : bucket.entries) {
      entry.stack = fresh->stack_of(*store_, entry.stack);
      entry.labels = fresh->labels_of(*store_, entry.labels);
    }
  }
  store_ = std::move(fresh);
}

History::Range History::between(base::UnixNanos from, base::UnixNanos to) const {
  Range range;
  const auto extend = [&](base::UnixNanos begin, base::UnixNanos end) {
    range.from = range.to == 0 ? begin : std::min(range.from, begin);
    range.to = std::max(range.to, end);
  };
  for (const Bucket& bucket : closed_) {
    if (bucket.to < from || bucket.from > to) continue;
    extend(bucket.from, bucket.to);
    for (const Entry& entry : bucket.entries) {
      range.window.add(entry.stack, entry.labels,
                       {std::int64_t{entry.count}, std::int64_t{entry.micros} * kNanosPerMicro, 0, 0});
    }
  }
  if (!open_.empty() && open_to_ >= from && open_from_ <= to) {
    extend(open_from_, open_to_);
    range.window.add(open_);
  }
  return range;
}

std::size_t History::bytes() const { return store_->bytes() + entry_bytes_ + open_.size() * Window::kEntryBytes; }

}  // namespace nanospan::profile

// Where time or memory is up the oldest buckets go, and the store of stacks is built anew from what is left. Threads:
// see the header.
#include "profile/model/history.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "wire/varint.h"

namespace nanospan::profile {
namespace {

constexpr std::int64_t kNanosPerMicro = 1000;

struct Entry {
  std::uint32_t stack;
  std::uint32_t labels;
  std::uint64_t count;
  std::uint64_t micros;
};

std::string packed(std::vector<Entry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::pair(a.stack, a.labels) < std::pair(b.stack, b.labels); });
  std::string bytes;
  std::uint32_t last = 0;
  std::array<std::uint8_t, 10> room{};
  for (const Entry& entry : entries) {
    for (const std::uint64_t value :
         {std::uint64_t{entry.stack - last}, std::uint64_t{entry.labels}, entry.count, entry.micros}) {
      const std::uint8_t* const end = wire::put_varint(room.data(), value);
      bytes.append(reinterpret_cast<const char*>(room.data()), static_cast<std::size_t>(end - room.data()));
    }
    last = entry.stack;
  }
  bytes.shrink_to_fit();
  return bytes;
}

std::vector<Entry> unpacked(const std::string& bytes) {
  std::vector<Entry> entries;
  const auto* at = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const std::uint8_t* const end = at + bytes.size();
  std::uint32_t last = 0;
  while (at != end) {
    std::array<std::uint64_t, 4> values{};
    for (std::uint64_t& value : values) at = wire::get_varint(at, end, 10, value);
    last += static_cast<std::uint32_t>(values[0]);
    entries.push_back({last, static_cast<std::uint32_t>(values[1]), values[2], values[3]});
  }
  return entries;
}

std::uint64_t positive(std::int64_t value) { return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)); }

}  // namespace

// Stacks have half at most, the bucket that is open an eighth, and those that are closed what the others leave.
History::History(HistoryOptions options)
    : options_(options), store_(std::make_unique<StackStore>(options.bytes_max / 2)) {}

void History::add(base::UnixNanos now, std::uint32_t stack, std::uint32_t labels, const WindowValues& values) {
  if (open_.empty()) open_from_ = now;
  open_.add(stack, labels, values);
  open_to_ = std::max(now, open_from_);
  const bool is_large = open_.size() * Window::kEntryBytes > options_.bytes_max / 8;
  if (now - open_from_ >= options_.bucket_nanos || now < open_from_ || is_large) close(now);
  while (!closed_.empty() && bytes() > options_.bytes_max) drop_oldest();
}

void History::close(base::UnixNanos now) {
  std::vector<Entry> entries;
  entries.reserve(open_.size());
  open_.for_each([&](std::uint32_t stack, std::uint32_t labels, const WindowValues& values) {
    entries.push_back({stack, labels, positive(values[0]), positive(values[1] / kNanosPerMicro)});
  });
  closed_.push_back({open_from_, open_to_, packed(std::move(entries))});
  entry_bytes_ += closed_.back().entries.size();
  open_ = Window();
  while (!closed_.empty() && now > closed_.front().to && now - closed_.front().to > options_.keep_nanos) drop_oldest();
  if (!store_->full()) return;
  // Stacks that no bucket has any more make room; if that is not enough, the older half of the time goes.
  rebuild();
  if (!store_->full()) return;
  for (std::size_t i = closed_.size() / 2 + 1; i > 0 && !closed_.empty(); --i) drop_oldest();
  rebuild();
}

void History::drop_oldest() {
  entry_bytes_ -= closed_.front().entries.size();
  closed_.pop_front();
}

void History::rebuild() {
  auto fresh = std::make_unique<StackStore>(options_.bytes_max / 2);
  entry_bytes_ = 0;
  for (Bucket& bucket : closed_) {
    std::vector<Entry> entries = unpacked(bucket.entries);
    for (Entry& entry : entries) {
      entry.stack = fresh->stack_of(*store_, entry.stack);
      entry.labels = fresh->labels_of(*store_, entry.labels);
    }
    bucket.entries = packed(std::move(entries));
    entry_bytes_ += bucket.entries.size();
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
    for (const Entry& entry : unpacked(bucket.entries)) {
      range.window.add(
          entry.stack, entry.labels,
          {static_cast<std::int64_t>(entry.count), static_cast<std::int64_t>(entry.micros) * kNanosPerMicro, 0, 0});
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

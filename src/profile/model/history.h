// History: the profile of the last quarter of an hour, always there: buckets of ten seconds, the oldest leave.
//
// Bounded in bytes, whatever happens: where stacks and buckets would take more, the oldest buckets go first. So after
// an incident the minutes before it can be looked at. Times are Unix nanoseconds, given by the caller. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/time.h"
#include "profile/model/stack_store.h"
#include "profile/model/window.h"

namespace nanospan::profile {

struct HistoryOptions {
  std::uint64_t bucket_nanos = 10 * base::kNanosPerSecond;
  std::uint64_t keep_nanos = 15 * 60 * base::kNanosPerSecond;
  std::size_t bytes_max = std::size_t{8} << 20;
};

class History {
 public:
  explicit History(HistoryOptions options);

  /// Where samples put their stacks and labels before add().
  StackStore& store() { return *store_; }
  const StackStore& store() const { return *store_; }
  /// `values`: how often, nanoseconds. Numbers of store() are void after add(): it may be another one.
  void add(base::UnixNanos now, std::uint32_t stack, std::uint32_t labels, const WindowValues& values);

  struct Range {
    Window window;
    base::UnixNanos from = 0;  ///< What the buckets really span.
    base::UnixNanos to = 0;
  };
  /// The sum of the buckets that overlap [from, to].
  Range between(base::UnixNanos from, base::UnixNanos to) const;

  std::size_t bytes() const;
  std::size_t buckets() const { return closed_.size() + (open_.empty() ? 0 : 1); }

 private:
  /// Entries by stack and labels, as varints: distance to the last one's stack, labels, how often, microseconds. Some 6
  /// bytes where the map of a Window takes ten times as much.
  struct Bucket {
    base::UnixNanos from;
    base::UnixNanos to;
    std::string entries;
  };

  void close(base::UnixNanos now);
  void drop_oldest();
  void rebuild();

  const HistoryOptions options_;
  std::unique_ptr<StackStore> store_;
  std::deque<Bucket> closed_;
  Window open_;
  base::UnixNanos open_from_ = 0;
  base::UnixNanos open_to_ = 0;
  std::size_t entry_bytes_ = 0;
};

}  // namespace nanospan::profile

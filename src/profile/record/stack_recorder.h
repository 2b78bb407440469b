// StackRecorder: counts things by the stack and the span in which they happened, from the threads in which they do:
// allocations, waits for locks.
//
// One lock, under which nothing else is taken, so that it may be used from anywhere, inside operator new too. A thread
// that is inside any recorder counts as busy with itself: what it allocates or waits for there is not counted, and must
// not be (busy()). fork() takes no lock of ours: a thread that allocates under a lock which another atfork handler
// wants would never let it go. A child leaves its parent's recorders as they are, and makes new ones if it wants some.
// Bounded; what finds no room is counted in StackStore::kOverflow. Lives as long as the process. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "profile/model/stack_store.h"
#include "profile/model/window.h"
#include "profile/unwind/code_map.h"
#include "profile/unwind/stack_walk.h"

namespace nanospan::profile {

struct RecorderSnapshot {
  StackStore store;
  Window window;
  std::uint64_t samples = 0;  ///< Places ever asked for.
};

class StackRecorder {
 public:
  /// A stack and its labels, as numbers of the recorder's store.
  struct Place {
    std::uint32_t stack = StackStore::kOverflow;
    std::uint32_t labels = 0;
  };

  static constexpr std::size_t kEntriesMax = 50'000;  ///< Of the window: some 4 MiB.

  explicit StackRecorder(std::size_t entries_max = kEntriesMax) : entries_max_(entries_max) {}
  StackRecorder(const StackRecorder&) = delete;
  StackRecorder& operator=(const StackRecorder&) = delete;

  /// This thread is inside a recorder.
  static bool busy();
  /// A number between 0 and 1, never 0, from a generator of this thread.
  static double uniform();

  /// How stacks are walked; without it there are no places.
  void set_code(std::shared_ptr<const CodeMap> code);
  RecorderSnapshot snapshot();

  /// Holds the lock of a recorder; errno is afterwards what it was. REQUIRES: !busy().
  class Entered {
   public:
    explicit Entered(StackRecorder& recorder);
    ~Entered();
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;

    /// True if stacks can be walked.
    bool ready() const { return recorder_.code_ != nullptr; }
    /// Where this thread is, without the `skipped` innermost frames. REQUIRES: ready().
    Place place(const Registers& here, std::size_t skipped);
    void add(const Place& place, const WindowValues& values) {
      recorder_.window_.add(place.stack, place.labels, values);
    }

   private:
    StackRecorder& recorder_;
    const int errno_before_;
  };

 private:
  static constexpr std::size_t kStoreBytesMax = std::size_t{4} << 20;
  static constexpr std::size_t kWithoutLabelsShare = 5;  // the last fifth of the entries is for stacks alone

  Place with_room(Place place);

  const std::size_t entries_max_;
  std::mutex mutex_;
  std::shared_ptr<const CodeMap> code_;
  RowCache rules_;
  StackStore store_{kStoreBytesMax};
  Window window_;
  std::uint64_t samples_ = 0;
};

}  // namespace nanospan::profile

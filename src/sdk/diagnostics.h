// Diagnostics: everything that goes wrong ends here, as at most one line per component and reason in ten seconds.
//
// A line that comes again within the interval is not shown but counted; the next one that is shown ends in "(+12
// more)". The user's handler is called without a lock held, what it throws is caught, and what it reports itself is
// dropped, so that a handler that logs through an instrumented logger cannot recurse. Without a handler the line goes
// to standard error in one write(2). For cold paths only: takes a mutex and may allocate. Thread-safe. The process's
// own instance lives for ever, so late static destructors may report. Source: error-handling.md ("SHOULD NOT throw",
// "self-diagnostics", "a user-settable error handler").
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <nanospan/diagnostics.h>

#include "base/time.h"

namespace nanospan::sdk {

class Diagnostics {
 public:
  /// How long a (component, reason) stays quiet after a line of it was shown.
  static constexpr std::uint64_t kIntervalNanos = 10 * base::kNanosPerSecond;
  /// Reasons told apart at one time; further ones share one line an interval.
  static constexpr std::size_t kReasonsMax = 64;
  /// A longer message is cut off.
  static constexpr std::size_t kMessageBytesMax = 1024;

  /// `clock` outlives this object; null = the system's.
  constexpr explicit Diagnostics(const base::Clock* clock = nullptr) : clock_(clock) {}
  Diagnostics(const Diagnostics&) = delete;
  Diagnostics& operator=(const Diagnostics&) = delete;

  /// Null = the default handler. The new one has seen nothing: no reason is quiet for it.
  void set_handler(ErrorHandler handler);
  /// Whether the default handler says nothing, now and when a handler is taken away again.
  void silence_default(bool silent) { default_is_silent_.store(silent, std::memory_order_relaxed); }
  void report(std::string_view component, std::string_view reason, std::string_view message);
  /// REQUIRES: only one thread is left, in a forked child. Starts anew if another thread of the parent was in the
  /// middle.
  void reset_after_fork();

 private:
  struct Entry {
    std::uint64_t key = 0;  // Hash of component and reason; 0 = free.
    base::MonotonicNanos quiet_until = 0;
    std::uint64_t suppressed = 0;
  };

  Entry& entry_of(std::uint64_t key, base::MonotonicNanos now);

  const base::Clock* clock_;
  std::atomic<bool> default_is_silent_{false};
  std::mutex mutex_;
  std::shared_ptr<const ErrorHandler> handler_;
  std::array<Entry, kReasonsMax + 1> entries_{};  // The last one is shared by the reasons that found no place.
};

/// Reports to the process's handler. `reason` tells lines apart whose text varies (counts, addresses).
void report(std::string_view component, std::string_view reason, std::string_view message);

/// While it lives, what this thread reports is kept instead of shown: for code that holds a lock. Shows the rest when
/// it goes.
class DeferredReports {
 public:
  static constexpr std::size_t kMax = 16;  ///< Later ones of one period are not kept.

  DeferredReports();
  DeferredReports(const DeferredReports&) = delete;
  DeferredReports& operator=(const DeferredReports&) = delete;
  ~DeferredReports();
  bool empty() const { return lines_.empty(); }
  /// Shows what was kept. REQUIRES: no lock is held.
  void emit();

 private:
  friend void report(std::string_view component, std::string_view reason, std::string_view message);
  struct Line {
    std::string component, reason, message;
  };
  DeferredReports* const outer_;
  std::vector<Line> lines_;
};
/// The same for a line whose text does not vary.
inline void report(std::string_view component, std::string_view message) { report(component, message, message); }

/// What the default handler writes: one line, "nanospan: component: message", without control characters.
std::string default_line(std::string_view component, std::string_view message);

/// Diagnostics::silence_default() of the process's own instance.
void silence_default_handler(bool silent);

/// Diagnostics::reset_after_fork() of the process's own instance.
void reset_diagnostics_after_fork();

}  // namespace nanospan::sdk

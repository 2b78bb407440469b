// A table of fixed size, by component and reason; the handler is called outside of its lock. Threads: see the header.
#include "sdk/diagnostics.h"

#include <errno.h>
#include <unistd.h>

#include <functional>
#include <new>
#include <utility>

#include "wire/json_text.h"

namespace nanospan {
namespace sdk {
namespace {

// Never destroyed: spans may end, and fail, in static destructors.
union Immortal {
  constexpr Immortal() : diagnostics() {}
  ~Immortal() {}
  Diagnostics diagnostics;
};
constinit Immortal process;
constinit thread_local bool reporting = false;

std::uint64_t key_of(std::string_view component, std::string_view reason) {
  const std::hash<std::string_view> hash;
  const std::uint64_t key = hash(component) * 31 + hash(reason);
  return key == 0 ? 1 : key;
}

void write_default(std::string_view component, std::string_view message) {
  const std::string line = default_line(component, message);
  const char* at = line.data();
  std::size_t left = line.size();
  while (left > 0) {
    const ssize_t written = ::write(STDERR_FILENO, at, left);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // There is nobody to tell.
    at += written;
    left -= static_cast<std::size_t>(written);
  }
}

void append_clean(std::string_view text, std::string& out) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
}

}  // namespace

std::string default_line(std::string_view component, std::string_view message) {
  std::string line = "nanospan: ";
  append_clean(component, line);
  line += ": ";
  append_clean(message, line);
  line += '\n';
  return line;
}

void Diagnostics::set_handler(ErrorHandler handler) {
  auto next = handler ? std::make_shared<const ErrorHandler>(std::move(handler)) : nullptr;
  const std::lock_guard<std::mutex> lock(mutex_);
  entries_ = {};
  handler_.swap(next);  // The old one is destroyed after the lock is given back: its destructor is the user's code.
}

void Diagnostics::report(std::string_view component, std::string_view reason, std::string_view message) {
  if (reporting) return;
  reporting = true;
  try {
    const base::MonotonicNanos now = (clock_ != nullptr ? *clock_ : base::system_clock()).monotonic_now();
    std::shared_ptr<const ErrorHandler> handler;
    std::uint64_t suppressed = 0;
    bool quiet = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      Entry& entry = entry_of(key_of(component, reason), now);
      quiet = now < entry.quiet_until;
      if (quiet) {
        ++entry.suppressed;
      } else {
        entry.quiet_until = now + kIntervalNanos;
        suppressed = std::exchange(entry.suppressed, 0);
        handler = handler_;
      }
    }
    if (!quiet) {
      std::string text(message.substr(0, kMessageBytesMax));
      if (suppressed > 0) {
        text += " (+";
        wire::append_decimal(suppressed, text);
        text += " more)";
      }
      if (handler != nullptr) {
        (*handler)(component, text);
      } else if (!default_is_silent_.load(std::memory_order_relaxed)) {
        write_default(component, text);
      }
    }
  } catch (...) {
    // A handler that throws, or no memory for the line: there is nobody left to tell.
  }
  reporting = false;
}

// The entry of `key`, else the one that was shown longest ago (never, for a free one), else, if all are still quiet,
// the shared one.
Diagnostics::Entry& Diagnostics::entry_of(std::uint64_t key, base::MonotonicNanos now) {
  Entry* oldest = &entries_[0];
  for (std::size_t i = 0; i < kReasonsMax; ++i) {
    if (entries_[i].key == key) return entries_[i];
    if (entries_[i].quiet_until < oldest->quiet_until) oldest = &entries_[i];
  }
  if (now < oldest->quiet_until) return entries_[kReasonsMax];
  *oldest = Entry{.key = key};
  return *oldest;
}

void Diagnostics::reset_after_fork() {
  if (mutex_.try_lock()) {
    mutex_.unlock();
  } else {
    // What the lock guarded may be half written, and its owner is gone. Nothing of it is destroyed.
    const bool silent = default_is_silent_.load(std::memory_order_relaxed);
    ::new (static_cast<void*>(this)) Diagnostics(clock_);
    silence_default(silent);
  }
}

namespace {

thread_local DeferredReports* deferred = nullptr;

}  // namespace

void report(std::string_view component, std::string_view reason, std::string_view message) {
  if (deferred == nullptr) return process.diagnostics.report(component, reason, message);
  if (deferred->lines_.size() == DeferredReports::kMax) return;
  try {
    deferred->lines_.push_back({std::string(component), std::string(reason), std::string(message)});
  } catch (const std::bad_alloc&) {
    // There is no memory for the line.
  }
}

DeferredReports::DeferredReports() : outer_(std::exchange(deferred, this)) {}

DeferredReports::~DeferredReports() {
  emit();
  deferred = outer_;
}

void DeferredReports::emit() {
  // What the handler reports itself is not kept for another round; Diagnostics::report drops it.
  deferred = nullptr;
  for (const Line& line : std::exchange(lines_, {})) {
    process.diagnostics.report(line.component, line.reason, line.message);
  }
  deferred = this;
}

void silence_default_handler(bool silent) { process.diagnostics.silence_default(silent); }

void reset_diagnostics_after_fork() { process.diagnostics.reset_after_fork(); }

}  // namespace sdk

inline namespace v0 {

void set_error_handler(ErrorHandler handler) {
  try {
    sdk::process.diagnostics.set_handler(std::move(handler));
  } catch (const std::bad_alloc&) {
    sdk::report("diagnostics", "no memory for another error handler; the old one stays");
  }
}

}  // namespace v0
}  // namespace nanospan

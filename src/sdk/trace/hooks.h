// The processors of a provider that see each span, and how a span holds on to them while it calls them.
//
// Pinned by a count rather than by std::atomic<std::shared_ptr>, which libstdc++ makes of a spin lock in the pointer's
// low bit: a child forked in the middle of a load would spin at its first span. Here a count that a fork left too high
// only means that the child never releases the processors. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include <nanospan/span_processor.h>

namespace nanospan::sdk {

/// Replaced as a whole at shutdown.
struct Hooks {
  std::vector<std::shared_ptr<SpanProcessor>> processors;
};

/// Owns the hooks of one provider, from its start to its shutdown.
class HookSlot {
 public:
  HookSlot() = default;
  HookSlot(const HookSlot&) = delete;
  HookSlot& operator=(const HookSlot&) = delete;
  ~HookSlot() { retire(); }

  /// REQUIRES: called once, before any span.
  void set(std::unique_ptr<const Hooks> hooks) { hooks_.store(hooks.release(), std::memory_order_release); }
  /// From now on spans find none. They are destroyed by whoever used them last, which may be this call.
  void retire() {
    if (const Hooks* old = hooks_.exchange(nullptr, std::memory_order_seq_cst)) {
      retired_.store(old, std::memory_order_seq_cst);
      if (pins_.load(std::memory_order_seq_cst) == 0) release();
    }
  }

 private:
  friend class PinnedHooks;

  // Who pins after retire() finds nothing, so at a count of zero that is seen after it nobody uses what was retired.
  // The count is looked at again, as the zero that this call made may be older, with a pin since then that got hold of
  // the hooks.
  const Hooks* pin() {
    pins_.fetch_add(1, std::memory_order_seq_cst);
    return hooks_.load(std::memory_order_seq_cst);
  }
  void unpin() {
    if (pins_.fetch_sub(1, std::memory_order_seq_cst) == 1 && retired_.load(std::memory_order_seq_cst) != nullptr &&
        pins_.load(std::memory_order_seq_cst) == 0) {
      release();
    }
  }
  void release() { std::unique_ptr<const Hooks>(retired_.exchange(nullptr, std::memory_order_seq_cst)).reset(); }

  std::atomic<const Hooks*> hooks_{nullptr};
  std::atomic<const Hooks*> retired_{nullptr};
  std::atomic<std::uint64_t> pins_{0};
};

/// The hooks of a slot, kept alive; null if there are none, or none any more.
class PinnedHooks {
 public:
  /// Null = none, and nothing is pinned.
  explicit PinnedHooks(HookSlot* slot) : slot_(slot), hooks_(slot != nullptr ? slot->pin() : nullptr) {}
  PinnedHooks(const PinnedHooks&) = delete;
  PinnedHooks& operator=(const PinnedHooks&) = delete;
  ~PinnedHooks() {
    if (slot_ != nullptr) slot_->unpin();
  }

  explicit operator bool() const { return hooks_ != nullptr; }
  const Hooks& operator*() const { return *hooks_; }

 private:
  HookSlot* const slot_;
  const Hooks* const hooks_;
};

}  // namespace nanospan::sdk

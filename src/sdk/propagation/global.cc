// Propagators of the user are guarded against what they throw; those that were replaced are kept, as a reader may be in
// one. Thread-safe.
#include "sdk/propagation/global.h"

#include <atomic>
#include <memory>
#include <new>
#include <utility>

#include "sdk/diagnostics.h"

namespace nanospan {
namespace sdk {
namespace {

class NoopPropagator final : public TextMapPropagator {
 public:
  void inject(const Context&, TextMapSetter&) const override {}
  Context extract(const Context& context, const TextMapGetter&) const override { return context; }
  std::vector<std::string> fields() const override { return {}; }
};

/// The current one, with what it throws, or a carrier of the user, caught.
class GuardedPropagator final : public TextMapPropagator {
 public:
  void inject(const Context& context, TextMapSetter& carrier) const override {
    try {
      propagator().inject(context, carrier);
    } catch (...) {
      report("propagator", "inject() threw; the headers may be incomplete");
    }
  }
  Context extract(const Context& context, const TextMapGetter& carrier) const override {
    try {
      return propagator().extract(context, carrier);
    } catch (...) {
      report("propagator", "extract() threw; the context is as it was");
    }
    return context;
  }
  std::vector<std::string> fields() const override {
    try {
      return propagator().fields();
    } catch (...) {
      report("propagator", "fields() threw; it is taken to set none");
    }
    return {};
  }
};

struct Kept {
  PropagatorPtr propagator;
  Kept* next;
};

// Never destroyed: requests may be served until the very end of the process. Without a lock, which a fork could leave
// taken in its child.
struct Globals {
  NoopPropagator none;
  GuardedPropagator guarded;
  std::atomic<const TextMapPropagator*> current{&none};
  std::atomic<Kept*> kept{nullptr};  // every one that was ever set, once: list, only added to
};
union Immortal {
  constexpr Immortal() : globals() {}
  ~Immortal() {}
  Globals globals;
};
constinit Immortal process;  // no guard of a local static either

void keep(std::atomic<Kept*>& all, PropagatorPtr propagator) {
  Kept* const head = all.load(std::memory_order_acquire);
  for (const Kept* at = head; at != nullptr; at = at->next) {
    if (at->propagator == propagator) return;
  }
  auto* const added = std::make_unique<Kept>(Kept{std::move(propagator), head}).release();
  while (!all.compare_exchange_weak(added->next, added, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

}  // namespace

const TextMapPropagator& guarded_propagator() { return process.globals.guarded; }

const TextMapPropagator& propagator() { return *process.globals.current.load(std::memory_order_acquire); }

}  // namespace sdk

inline namespace v0 {

void set_propagator(PropagatorPtr propagator) {
  sdk::Globals& globals = sdk::process.globals;
  const TextMapPropagator* const next = propagator != nullptr ? propagator.get() : &globals.none;
  try {
    if (propagator != nullptr) sdk::keep(globals.kept, std::move(propagator));
  } catch (const std::bad_alloc&) {
    return sdk::report("propagator", "no memory to keep a new propagator; the old one stays");
  }
  globals.current.store(next, std::memory_order_release);
}

}  // namespace v0
}  // namespace nanospan

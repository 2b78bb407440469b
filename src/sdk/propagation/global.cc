#include "sdk/propagation/global.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

namespace nanospan {
namespace sdk {
namespace {

class NoopPropagator final : public TextMapPropagator {
 public:
  void inject(const Context&, TextMapSetter&) const override {}
  Context extract(const Context& context, const TextMapGetter&) const override { return context; }
  std::vector<std::string> fields() const override { return {}; }
};

// Never destroyed: requests may be served until the very end of the process.
struct Globals {
  NoopPropagator none;
  std::atomic<const TextMapPropagator*> current{&none};
  std::mutex mutex;
  std::vector<PropagatorPtr> kept;  // Every one that was ever set, once.
};
union Immortal {
  Immortal() : globals() {}
  ~Immortal() {}
  Globals globals;
};
Globals& globals() {
  static Immortal immortal;
  return immortal.globals;
}

}  // namespace

const TextMapPropagator& propagator() { return *globals().current.load(std::memory_order_acquire); }

}  // namespace sdk

inline namespace v0 {

void set_propagator(PropagatorPtr propagator) {
  sdk::Globals& globals = sdk::globals();
  const std::lock_guard<std::mutex> lock(globals.mutex);
  const TextMapPropagator* next = propagator != nullptr ? propagator.get() : &globals.none;
  if (propagator != nullptr && std::find(globals.kept.begin(), globals.kept.end(), propagator) == globals.kept.end()) {
    globals.kept.push_back(std::move(propagator));
  }
  globals.current.store(next, std::memory_order_release);
}

}  // namespace v0
}  // namespace nanospan

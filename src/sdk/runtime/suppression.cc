// The thread's state is taken away meanwhile, so that the inlined path needs no test for it. Thread-safe.
#include "sdk/runtime/suppression.h"

#include <nanospan/detail/abi.h>
#include <nanospan/diagnostics.h>

namespace nanospan {
namespace sdk {
namespace {

thread_local bool suppressed = false;

}  // namespace

bool tracing_suppressed() { return suppressed; }

}  // namespace sdk

inline namespace v0 {

// A thread without a state always takes the slow path, which looks at the flag: the fast path needs no test for it.
SuppressTracing::SuppressTracing() : saved_(detail::thread_locals().state), outer_(sdk::suppressed) {
  sdk::suppressed = true;
  detail::thread_locals().state = nullptr;
}

SuppressTracing::~SuppressTracing() {
  sdk::suppressed = outer_;
  detail::thread_locals().state = static_cast<detail::ThreadState*>(saved_);
}

}  // namespace v0
}  // namespace nanospan

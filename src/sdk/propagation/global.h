// The process's propagator: what inject() and extract() of the public API reach through the Api table.
//
// Does nothing until set_propagator() (api-propagators.md "Global Propagators": the default is a no-op). Reading is one
// atomic load, from any thread.
#pragma once

#include <nanospan/propagation.h>

namespace nanospan::sdk {

/// Valid for ever: propagators that were replaced stay, since another thread may be using them.
const TextMapPropagator& propagator();
/// What inject() and extract() use: the one above, from which nothing is thrown (decision 0003).
const TextMapPropagator& guarded_propagator();

}  // namespace nanospan::sdk

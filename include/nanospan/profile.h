// Profiling: where the CPU time went, in this process, always on, without recompiling anything.
//
//   auto telemetry = nanospan::start({.service_name = "shop", .profiling = {.enabled = true}});
//
// and then, while the program runs:
//
//   go tool pprof http://127.0.0.1:6060/debug/pprof/profile?seconds=30
//   a browser at http://127.0.0.1:6060/debug/pprof/          flame graphs, no internet needed
//
// Programs that want the profiler without the rest of the SDK call start_profiling() instead. Either way they link
// nanospan::profile besides nanospan::sdk. Works with plain -O2 code without frame pointers, and samples threads that
// know nothing of it. x86-64 Linux; elsewhere it answers kUnsupported. Everything else: docs/profiling.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <nanospan/result.h>

namespace nanospan {
inline namespace v0 {

/// What the profiler does. The environment speaks through NANOSPAN_PROFILING and NANOSPAN_PROFILING_* variables; what
/// the program gives wins if it differs from the default.
struct ProfilingOptions {
  bool enabled = false;       ///< NANOSPAN_PROFILING=true. start_profiling() does not ask.
  std::string host = {};      ///< Empty: 127.0.0.1. Reachable by others: needs a token. NANOSPAN_PROFILING_HOST.
  std::uint16_t port = 6060;  ///< 0: any free one. NANOSPAN_PROFILING_PORT.
  std::string token = {};     ///< Asked for as "Authorization: Bearer TOKEN". NANOSPAN_PROFILING_TOKEN.
  std::uint32_t hz = 100;     ///< Samples per second of each thread's CPU time, 1 to 1000. NANOSPAN_PROFILING_HZ.
  bool continuous = true;     ///< Sample always, and keep the last 15 minutes.
  std::size_t history_bytes_max = std::size_t{8} << 20;  ///< For these 15 minutes; older ones go first.
};

/// A running profiler. Destroying it stops the sampling and closes the port. Move-only. In the child of a fork it is
/// dead and harmless: children are not profiled.
class Profiling {
 public:
  Profiling(Profiling&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Profiling& operator=(Profiling&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Profiling();

  /// The port that it listens on.
  std::uint16_t port() const;

 private:
  friend Result<Profiling> start_profiling(ProfilingOptions options);
  struct State;
  explicit Profiling(State* state) : state_(state) {}
  State* state_;
};

/// Starts the profiler and its port. kAlreadyExists if this process has one; kInvalidArgument for a host that others
/// can reach without a token; kUnsupported, kUnavailable or kSystem where the system does not let it.
Result<Profiling> start_profiling(ProfilingOptions options = {});

}  // namespace v0
}  // namespace nanospan

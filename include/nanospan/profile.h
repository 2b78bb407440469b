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
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanospan/result.h>

namespace nanospan {
inline namespace v0 {

/// How profiles are sent.
enum class ProfilePushProtocol : std::uint8_t {
  kPyroscope,        ///< Pyroscope's Push call, with pprof in it.
  kOtlpDevelopment,  ///< OTLP profiles, v1development: in development, changes with each release of OTLP.
};

/// What the profiler does. The environment speaks through NANOSPAN_PROFILING and NANOSPAN_PROFILING_* variables; what
/// the program gives wins if it differs from the default.
struct ProfilingOptions {
  bool enabled = false;       ///< NANOSPAN_PROFILING=true. start_profiling() does not ask.
  std::string host = {};      ///< Empty: 127.0.0.1. Reachable by others: needs a token. NANOSPAN_PROFILING_HOST.
  std::uint16_t port = 6060;  ///< 0: any free one. NANOSPAN_PROFILING_PORT.
  std::string token = {};     ///< Asked for as "Authorization: Bearer TOKEN". NANOSPAN_PROFILING_TOKEN.
  std::uint32_t hz = 100;     ///< Samples per second of each thread's CPU time, 1 to 1000. NANOSPAN_PROFILING_HZ.
  bool continuous = true;     ///< Sample always, and keep the last 15 minutes. NANOSPAN_PROFILING_CONTINUOUS.
  /// For these 15 minutes, 64 KiB or more; older ones go first. NANOSPAN_PROFILING_HISTORY_BYTES_MAX.
  std::size_t history_bytes_max = std::size_t{8} << 20;

  /// A sampled allocation for each so many bytes on average, where the program links nanospan::profile_heap; 0: none.
  /// Smaller: finer, and dearer (each sample walks a stack). NANOSPAN_PROFILING_HEAP_INTERVAL_BYTES.
  std::size_t heap_interval_bytes = std::size_t{512} << 10;
  /// Waits for mutexes and condition variables, where the program links nanospan::profile_locks.
  /// NANOSPAN_PROFILING_LOCKS.
  bool locks = true;

  // Profiles that nobody has to ask for: 30 s of every minute, as soon as there is a place for them. What the program
  // links is profiled: CPU, heap (nanospan::profile_heap), mutex and block (nanospan::profile_locks).

  std::string directory = {};          ///< Files in pprof's format, here. NANOSPAN_PROFILING_DIRECTORY.
  std::uint64_t directory_bytes_max =  ///< The oldest go first. NANOSPAN_PROFILING_DIRECTORY_BYTES_MAX.
      std::uint64_t{64} << 20;
  /// A Grafana Pyroscope server, or what takes profiles as it does: "http://pyroscope:4040". https needs nanospan::tls.
  /// NANOSPAN_PROFILING_PUSH_URL.
  std::string push_url = {};
  /// With kOtlpDevelopment push_url is that of an OTLP/HTTP receiver, without a path: "http://collector:4318".
  /// NANOSPAN_PROFILING_PUSH_PROTOCOL: pyroscope, otlp_development.
  ProfilePushProtocol push_protocol = ProfilePushProtocol::kPyroscope;
  /// With each request: tenant, credentials. NANOSPAN_PROFILING_PUSH_HEADERS, written as OTEL_EXPORTER_OTLP_HEADERS.
  std::vector<std::pair<std::string, std::string>> push_headers = {};
  /// On the way there: http://[user:password@]host:port. Empty: none; not set: start() asks HTTPS_PROXY, HTTP_PROXY and
  /// NO_PROXY.
  std::optional<std::string> push_proxy = {};
  std::uint32_t profile_seconds = 30;  ///< 1 to every_seconds. NANOSPAN_PROFILING_SECONDS.
  std::uint32_t every_seconds = 60;    ///< From beginning to beginning, to 86400. NANOSPAN_PROFILING_EVERY_SECONDS.
  std::string service_name = {};  ///< Label of what is sent; empty: start() knows it, else unknown_service:PROGRAM.
  /// Told what goes wrong with files and requests, on the profiler's thread; start() has it told to the error handler
  /// of the process.
  void (*error_handler)(std::string_view component, std::string_view message) = nullptr;
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
/// can reach without a token, and for numbers and URLs that make no sense; kUnsupported, kUnavailable or kSystem where
/// the system does not let it.
Result<Profiling> start_profiling(ProfilingOptions options = {});

}  // namespace v0
}  // namespace nanospan

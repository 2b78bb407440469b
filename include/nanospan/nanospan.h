// Nanospan: OpenTelemetry tracing that you can leave on. The one header that most programs include.
//
//   auto telemetry = nanospan::start({.service_name = "shop"});   // flushes and stops when it goes out of scope
//   auto span = nanospan::tracer("shop").start_span("checkout");
//   span.set("order.items", 3);
//
// Libraries include it too and link nothing: without an SDK in the process every operation is a no-op that still
// carries the parent context. Programs link nanospan::sdk.
#pragma once

#if __cplusplus < 201709L
#error "Nanospan needs C++20: compile with -std=c++20; in CMake, target_compile_features(... cxx_std_20)"
#endif

#include <cstdint>
#include <utility>

#include <nanospan/attributes.h>
#include <nanospan/context.h>
#include <nanospan/ledger.h>
#include <nanospan/options.h>
#include <nanospan/result.h>
#include <nanospan/span.h>
#include <nanospan/tracer.h>

namespace nanospan {
inline namespace v0 {

/// Running telemetry. Destroying it flushes (up to 5 s) and stops. Move-only; its functions may be called from any
/// thread as long as nobody moves or destroys it meanwhile.
class Telemetry {
 public:
  Telemetry(Telemetry&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Telemetry& operator=(Telemetry&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Telemetry();

  /// Exports everything that ended before the call; false on failure or after `timeout_ms` (0 = no limit).
  bool flush(std::uint64_t timeout_ms = 30000);
  /// Flushes and stops; false if any span was lost since the start (a line on standard error says how many and why) or
  /// the deadline passed. Later calls do nothing.
  bool shutdown(std::uint64_t timeout_ms = 5000);
  /// Where every span went, readable at any time.
  Ledger ledger() const;

 private:
  friend Result<Telemetry> start(Options options);
  struct State;
  explicit Telemetry(State* state) : state_(state) {}
  State* state_;
};

/// Starts the process's telemetry: OTLP/HTTP to http://localhost:4318 unless told otherwise (gRPC: port 4317). Connects
/// to nothing and starts no thread before the first sampled span. Fails with kAlreadyExists if telemetry runs already,
/// kInvalidArgument on a bad option.
Result<Telemetry> start(Options options = {});

}  // namespace v0
}  // namespace nanospan

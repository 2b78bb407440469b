// Nanospan: OpenTelemetry tracing that you can leave on. The one header that most programs include.
//
//   auto telemetry = nanospan::start({.service_name = "shop"});   // flushes and stops when it goes out of scope
//   auto span = nanospan::tracer("shop").start_span("checkout");
//   span.set("order.items", 3);
//
// Libraries include it too and link nothing: without an SDK in the process every operation is a no-op that still
// carries the parent context. Programs link nanospan::sdk.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nanospan/attributes.h>
#include <nanospan/context.h>
#include <nanospan/ledger.h>
#include <nanospan/profile.h>
#include <nanospan/result.h>
#include <nanospan/span.h>
#include <nanospan/tracer.h>

namespace nanospan {
inline namespace v0 {

struct TracerProviderOptions;

/// Ready-made batch settings; the values are in span_processor.h.
enum class Preset : std::uint8_t { kDefault, kLowLatency, kHighThroughput, kLowMemory };

/// How OTLP travels. kGrpc needs nanospan::otlp_grpc linked.
enum class OtlpProtocol : std::uint8_t { kFromEnvironment, kHttpProtobuf, kGrpc };

/// What start() needs. Everything has a default. Where an OTEL_* environment variable speaks of the same thing, the
/// value given here wins if it is not empty (configuration/sdk-environment-variables.md).
struct Options {
  std::string service_name = {};  ///< OTEL_SERVICE_NAME.
  std::string service_version = {};
  AttributeList resource = {};  ///< More resource attributes; OTEL_RESOURCE_ATTRIBUTES.
  std::string endpoint = {};    ///< Base URL, to which v1/traces is added but for gRPC; OTEL_EXPORTER_OTLP_ENDPOINT.
  OtlpProtocol protocol = OtlpProtocol::kFromEnvironment;         ///< OTEL_EXPORTER_OTLP_PROTOCOL, else kHttpProtobuf.
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< OTEL_EXPORTER_OTLP_HEADERS.
  Preset preset = Preset::kDefault;                               ///< OTEL_BSP_* override its values.
  double sample_ratio = -1;  ///< 0 to 1: ParentBased(TraceIdRatioBased). Negative: OTEL_TRACES_SAMPLER, else all.
  ProfilingOptions profiling = {};  ///< The profiler; needs nanospan::profile to be linked. NANOSPAN_PROFILING.
  bool read_environment = true;     ///< False: OTEL_* variables are not looked at.
  /// Called last, to change anything in the provider's options: samplers, processors, exporters, limits.
  void (*customize)(TracerProviderOptions& options) = nullptr;
};

/// Running telemetry. Destroying it flushes (up to 5 s) and stops. Move-only.
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

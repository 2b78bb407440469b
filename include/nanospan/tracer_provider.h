// TracerProvider: holds the configuration of tracing and makes tracers.
//
// Most programs call start() (nanospan.h) and never see one. Up to 16 may live at once. Thread-safe.
// Source: trace/api.md and trace/sdk.md "TracerProvider".
#pragma once

#include <memory>
#include <vector>

#include <nanospan/limits.h>
#include <nanospan/resource.h>
#include <nanospan/result.h>
#include <nanospan/sampler.h>
#include <nanospan/span_processor.h>
#include <nanospan/tracer.h>

namespace nanospan {
inline namespace v0 {

/// Makes ids. Called from any thread at once. The built-in one is random and marks its traces so.
class IdGenerator {
 public:
  virtual ~IdGenerator() = default;
  virtual TraceId new_trace_id() = 0;
  virtual SpanId new_span_id() = 0;
  /// True if the low 56 bits of its trace ids are uniformly random (W3C Level 2); sets the random flag of new traces.
  virtual bool is_random() const { return false; }
};

struct TracerProviderOptions {
  Resource resource = Resource::sdk_default();
  SamplerPtr sampler = nullptr;  ///< Null = ParentBased(AlwaysOn).
  SpanLimits limits = {};
  std::shared_ptr<IdGenerator> id_generator = nullptr;  ///< Null = random.
  std::vector<std::shared_ptr<SpanProcessor>> processors = {};
};

class TracerProvider {
 public:
  /// Fails with kResourceExhausted if 16 providers live, kInvalidArgument if an option is out of range.
  static Result<TracerProvider> create(TracerProviderOptions options);
  TracerProvider(TracerProvider&&) noexcept;
  TracerProvider& operator=(TracerProvider&&) noexcept;
  /// Shuts down with a deadline of 5 s.
  ~TracerProvider();

  /// A tracer bound to this provider. The same scope gives tracers that behave as one.
  Tracer tracer(const InstrumentationScope& scope);
  /// Exports all spans that ended before the call. From any thread; `timeout_ms` 0 = no limit.
  FlushResult flush(std::uint64_t timeout_ms = 30000);
  /// Flushes, then stops: later spans do not record. Later calls return kFailure at once.
  FlushResult shutdown(std::uint64_t timeout_ms = 5000);
  /// Sums the ledgers of its batch and simple processors. Others that wrap one keep it to themselves: ledger_of().
  Ledger ledger() const;
  const Resource& resource() const;

  /// Makes this the provider of tracers that are not bound to one.
  void set_default();

 private:
  struct State;
  explicit TracerProvider(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace v0
}  // namespace nanospan

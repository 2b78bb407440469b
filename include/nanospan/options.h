// Options: what a program may say to start(), where it does not leave it to the environment and the defaults.
//
// Plain values; included by nanospan.h. All settings with their variables and defaults: docs/configuration.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <nanospan/attributes.h>
#include <nanospan/profile.h>

namespace nanospan {
inline namespace v0 {

enum class Compression : std::uint8_t;  // exporters.h
struct TracerProviderOptions;           // tracer_provider.h

/// Ready-made batch settings; the values are in span_processor.h.
enum class Preset : std::uint8_t { kDefault, kLowLatency, kHighThroughput, kLowMemory };

/// How OTLP travels. kGrpc needs nanospan::otlp_grpc linked.
enum class OtlpProtocol : std::uint8_t { kFromEnvironment, kHttpProtobuf, kGrpc };

/// Single settings of the batch processor. Meaning, units and ranges: BatchOptions in span_processor.h.
struct BatchOverrides {
  std::optional<std::uint32_t> queue_spans_max = {};        ///< OTEL_BSP_MAX_QUEUE_SIZE.
  std::optional<std::uint32_t> batch_spans_max = {};        ///< OTEL_BSP_MAX_EXPORT_BATCH_SIZE.
  std::optional<std::uint64_t> schedule_delay_ms = {};      ///< OTEL_BSP_SCHEDULE_DELAY.
  std::optional<std::uint64_t> export_timeout_ms = {};      ///< OTEL_BSP_EXPORT_TIMEOUT.
  std::optional<std::uint64_t> batch_bytes_max = {};        ///< No variable.
  std::optional<std::uint64_t> queue_bytes_max = {};        ///< No variable.
  std::optional<std::uint32_t> exports_in_flight_max = {};  ///< No variable.
};

/// Single limits of spans. Meaning, units and ranges: SpanLimits in limits.h.
struct LimitOverrides {
  std::optional<std::uint32_t> attribute_count_max = {};            ///< OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT.
  std::optional<std::uint32_t> attribute_value_length_max = {};     ///< OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT.
  std::optional<std::uint32_t> attribute_value_depth_max = {};      ///< No variable.
  std::optional<std::uint32_t> event_count_max = {};                ///< OTEL_SPAN_EVENT_COUNT_LIMIT.
  std::optional<std::uint32_t> link_count_max = {};                 ///< OTEL_SPAN_LINK_COUNT_LIMIT.
  std::optional<std::uint32_t> attribute_per_event_count_max = {};  ///< OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT.
  std::optional<std::uint32_t> attribute_per_link_count_max = {};   ///< OTEL_LINK_ATTRIBUTE_COUNT_LIMIT.
  std::optional<std::uint32_t> span_bytes_max = {};                 ///< No variable.
};

/// Single settings of the OTLP exporter, whatever its protocol. Meaning, units and ranges: OtlpHttpOptions and
/// OtlpGrpcOptions in exporters.h.
struct OtlpOverrides {
  std::optional<std::uint64_t> timeout_ms = {};         ///< OTEL_EXPORTER_OTLP_TIMEOUT.
  std::optional<Compression> compression = {};          ///< OTEL_EXPORTER_OTLP_COMPRESSION; its values: exporters.h.
  std::optional<std::string> ca_file = {};              ///< OTEL_EXPORTER_OTLP_CERTIFICATE.
  std::optional<std::string> cert_file = {};            ///< OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE; with key_file.
  std::optional<std::string> key_file = {};             ///< OTEL_EXPORTER_OTLP_CLIENT_KEY; with cert_file.
  std::optional<std::uint64_t> request_bytes_max = {};  ///< No variable, nor for what follows.
  std::optional<std::uint64_t> response_bytes_max = {};
  std::optional<std::uint64_t> retry_initial_ms = {};
  std::optional<std::uint64_t> retry_max_ms = {};
  std::optional<std::uint32_t> in_flight_max = {};  ///< connections_max of HTTP, calls_max of gRPC.
  std::optional<std::string> user_agent_prefix = {};
  std::optional<std::string> proxy = {};  ///< HTTPS_PROXY, HTTP_PROXY, NO_PROXY; empty: none, whatever they say.
};

/// Any function object that takes a TracerProviderOptions&, or none: what std::function is, without its header and
/// without memory of its own. A copy has its own copy of the object.
class Customize {
 public:
  /// Bytes of the object at most; one that captures more can capture a reference to it.
  static constexpr std::size_t kObjectBytesMax = 64;

  Customize() = default;
  Customize(std::nullptr_t) {}
  template <class Change>
  requires(!std::is_same_v<std::remove_cvref_t<Change>, Customize>) Customize(Change&& change) {
    using Plain = std::decay_t<Change>;
    static_assert(sizeof(Plain) <= kObjectBytesMax && alignof(Plain) <= alignof(std::max_align_t),
                  "it captures too much: capture a reference");
    if constexpr (std::is_pointer_v<Plain>) {
      if (change == nullptr) return;
    }
    ::new (static_cast<void*>(object_)) Plain(std::forward<Change>(change));
    how_ = &kHow<Plain>;
  }
  Customize(const Customize& other) { take(other); }
  Customize& operator=(const Customize& other) {
    if (this == &other) return *this;
    drop();
    take(other);
    return *this;
  }
  ~Customize() { drop(); }

  explicit operator bool() const { return how_ != nullptr; }
  /// REQUIRES: there is one. Throws what it throws.
  void operator()(TracerProviderOptions& options) const { how_->call(object_, options); }

 private:
  struct How {
    void (*call)(void* object, TracerProviderOptions& options);
    void (*copy)(const void* object, void* to);
    void (*destroy)(void* object);
  };
  template <class Plain>
  static constexpr How kHow = {
      [](void* object, TracerProviderOptions& options) { (*static_cast<Plain*>(object))(options); },
      [](const void* object, void* to) { ::new (to) Plain(*static_cast<const Plain*>(object)); },
      [](void* object) { static_cast<Plain*>(object)->~Plain(); }};

  void take(const Customize& other) {
    if (other.how_ != nullptr) other.how_->copy(other.object_, object_);
    how_ = other.how_;
  }
  void drop() {
    if (how_ != nullptr) how_->destroy(object_);
    how_ = nullptr;
  }

  alignas(std::max_align_t) mutable unsigned char object_[kObjectBytesMax];
  const How* how_ = nullptr;
};

/// What start() needs. Everything has a default. Each setting is the program's, if it is given here and not empty; else
/// the environment's, where an OTEL_* variable speaks of it; else the default
/// (configuration/sdk-environment-variables.md).
struct Options {
  std::string service_name = {};  ///< OTEL_SERVICE_NAME.
  std::string service_version = {};
  AttributeList resource = {};  ///< More resource attributes; OTEL_RESOURCE_ATTRIBUTES.
  std::string endpoint = {};    ///< Base URL, to which v1/traces is added but for gRPC; OTEL_EXPORTER_OTLP_ENDPOINT.
  OtlpProtocol protocol = OtlpProtocol::kFromEnvironment;         ///< OTEL_EXPORTER_OTLP_PROTOCOL, else kHttpProtobuf.
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< OTEL_EXPORTER_OTLP_HEADERS.
  OtlpOverrides otlp = {};                                        ///< How OTLP travels, one setting at a time.
  Preset preset = Preset::kDefault;  ///< Defaults of the batch processor: OTEL_BSP_* and `batch` override its values.
  BatchOverrides batch = {};         ///< Its settings, one at a time.
  LimitOverrides limits = {};        ///< Limits of spans, one at a time.
  double sample_ratio = -1;  ///< 0 to 1: ParentBased(TraceIdRatioBased). Negative: OTEL_TRACES_SAMPLER, else all.
  ProfilingOptions profiling = {};  ///< The profiler; needs nanospan::profile to be linked. NANOSPAN_PROFILING.
  bool read_environment = true;     ///< False: OTEL_* variables are not looked at.
  /// Called last, to change anything in the provider's options: samplers, processors, exporters, limits.
  Customize customize = {};
};

}  // namespace v0
}  // namespace nanospan

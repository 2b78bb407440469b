// Signal: what kind of telemetry a pipeline carries, and one row for each that says everything in which they differ.
//
// Constant data; thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/otlp_schema.h"

namespace nanospan::gateway {

enum class Signal : std::uint8_t { kTraces, kMetrics, kLogs, kProfiles };

inline constexpr std::array<Signal, 4> kSignals{Signal::kTraces, Signal::kMetrics, Signal::kLogs, Signal::kProfiles};

struct SignalInfo {
  std::string_view name;       ///< Of its pipelines, and the label data_type.
  std::string_view http_path;  ///< Where OTLP/HTTP takes it, unless configured otherwise.
  std::string_view grpc_path;
  std::string_view path_key;      ///< What receivers call http_path in a configuration.
  std::string_view endpoint_key;  ///< What exporters call the whole address.
  const wire::MessageSchema& request;
  const wire::MessageSchema& response;
  std::string_view items;         ///< What is counted, in words.
  std::string_view metric_items;  ///< The same at the end of the Collector's metric names.
  bool has_json;                  ///< False: its table is not whole, so it travels as protobuf only.
};

const SignalInfo& info_of(Signal signal);

/// Of a pipeline's type.
std::optional<Signal> find_signal(std::string_view name);

/// A value for each signal.
template <class T>
class PerSignal {
 public:
  T& operator[](Signal signal) { return values_[static_cast<std::size_t>(signal)]; }
  const T& operator[](Signal signal) const { return values_[static_cast<std::size_t>(signal)]; }

 private:
  std::array<T, kSignals.size()> values_{};
};

}  // namespace nanospan::gateway

// Keys of the `debug` exporter (Collector: exporter/debugexporter/config.go). Read by one thread, then constant.
#pragma once

#include <cstdint>

#include "gateway/queue/queue_config.h"

namespace nanospan::gateway {

enum class Verbosity {
  kBasic,     ///< A line for each request: how many spans.
  kNormal,    ///< And a line for each span: name, ids, duration, status.
  kDetailed,  ///< The whole request as OTLP JSON.
};

struct DebugExporterConfig {
  Verbosity verbosity = Verbosity::kBasic;
  std::uint64_t sampling_initial = 2;     ///< Requests shown in each second before sampling begins.
  std::uint64_t sampling_thereafter = 1;  ///< Then every n-th; 0: none.
  QueueOptions queue;
};

DebugExporterConfig read_debug_exporter_config(MapReader& reader);

}  // namespace nanospan::gateway

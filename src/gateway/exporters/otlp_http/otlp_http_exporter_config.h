// Keys of the `otlp_http` exporter (Collector: exporter/otlphttpexporter/config.go). Typed, with the Collector's
// defaults. Read by one thread, then constant.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/exporters/otlp_settings.h"
#include "gateway/queue/queue_config.h"
#include "net/http1_message.h"
#include "net/url.h"

namespace nanospan::gateway {

struct OtlpHttpExporterConfig {
  net::Url url;  ///< With the path of the traces signal.
  std::vector<net::Header> headers;
  OtlpCompression compression;
  std::uint64_t timeout_nanos = 30 * base::kNanosPerSecond;
  QueueOptions queue;
  RetryOptions retry;
};

OtlpHttpExporterConfig read_otlp_http_exporter_config(MapReader& reader);

}  // namespace nanospan::gateway

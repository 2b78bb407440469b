// Keys of the `otlp_http` exporter (Collector: exporter/otlphttpexporter/config.go). Typed, with the Collector's
// defaults. Read by one thread, then constant.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/exporters/otlp_settings.h"
#include "gateway/pipeline/signal.h"
#include "gateway/queue/queue_config.h"
#include "net/http_message.h"
#include "net/url.h"

namespace nanospan::gateway {

struct OtlpHttpExporterConfig {
  PerSignal<net::Url> urls;         ///< Without a host where a signal was given none.
  net::Url url;                     ///< Of the signal that is sent; here that of traces.
  net::TlsClientOptions tls;        ///< For https.
  std::string proxy_url;            ///< Empty: as the environment says.
  std::optional<net::Proxy> proxy;  ///< Of `url`; set by the factory.
  std::vector<net::Header> headers;
  std::string authority;  ///< Of Host, as `headers` says; empty: the URL's.
  OtlpCompression compression;
  std::uint64_t timeout_nanos = 30 * base::kNanosPerSecond;
  std::string authenticator;  ///< The name of an extension; empty: none.
  QueueOptions queue;
  RetryOptions retry;
};

OtlpHttpExporterConfig read_otlp_http_exporter_config(MapReader& reader);

}  // namespace nanospan::gateway

// Keys of the `otlp_grpc` exporter (Collector: exporter/otlpexporter/config.go, config/configgrpc). Typed, with the
// Collector's defaults. Read by one thread, then constant.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/exporters/otlp_settings.h"
#include "gateway/queue/queue_config.h"
#include "net/http_message.h"
#include "net/url.h"

namespace nanospan::gateway {

struct OtlpGrpcExporterConfig {
  net::Url url;  ///< Path unused; https: with TLS.
  net::TlsClientOptions tls;
  std::optional<net::Proxy> proxy;   ///< As the environment says; set by the factory.
  std::vector<net::Header> headers;  ///< Metadata of each call; names in lower case.
  std::string authority;             ///< The `:authority` of calls; empty: the URL's.
  OtlpCompression compression;
  const net::Codec* codec = nullptr;  ///< What gRPC means by that compression; null: none.
  std::uint64_t timeout_nanos = 5 * base::kNanosPerSecond;
  std::uint64_t keepalive_nanos = base::kNever;  ///< PING when nothing came for so long.
  std::uint64_t keepalive_timeout_nanos = 20 * base::kNanosPerSecond;
  bool round_robin = true;    ///< balancer_name.
  std::string authenticator;  ///< The name of an extension; empty: none.
  QueueOptions queue;
  RetryOptions retry;

  /// For messages: "host:port", or the unix socket.
  std::string destination() const { return url.socket.empty() ? url.authority() : url.origin(); }
};

OtlpGrpcExporterConfig read_otlp_grpc_exporter_config(MapReader& reader);

}  // namespace nanospan::gateway

// Keys of the `otlp` receiver (Collector: receiver/otlpreceiver/config.go, config/confighttp). Typed, with their
// defaults and reasons. Read by one thread, then constant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "gateway/codec/content_coding.h"
#include "gateway/config/map_reader.h"
#include "gateway/pipeline/signal.h"
#include "net/http2_server.h"
#include "net/tls_options.h"

namespace nanospan::gateway {

struct CorsOptions {
  std::vector<std::string> allowed_origins;  ///< Exact, or with one "*". Empty: no cross-origin answers at all.
  std::vector<std::string> allowed_headers;  ///< Beyond the safe-listed ones; "*" for all.
  std::vector<std::string> exposed_headers;
  std::uint64_t max_age_seconds = 0;
};

std::vector<const ContentCoding*> all_codings();
PerSignal<std::string> default_paths();

struct OtlpHttpOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 4318;
  PerSignal<std::string> paths = default_paths();
  std::uint64_t body_bytes_max = 20u << 20;  ///< Of the body as it came, and after inflating. The Collector's default.
  std::vector<const ContentCoding*> codings = all_codings();  ///< Content-Encodings that are accepted beside none.
  std::uint64_t connections_max = 10'000;
  std::uint64_t head_nanos = 10 * base::kNanosPerSecond;
  std::uint64_t idle_nanos = 60 * base::kNanosPerSecond;
  std::uint64_t write_nanos = 30 * base::kNanosPerSecond;
  std::vector<std::pair<std::string, std::string>> response_headers;
  CorsOptions cors;
  std::optional<net::TlsServerOptions> tls;  ///< Nothing: plain connections.
  std::string authenticator;                 ///< The name of an extension; empty: anybody may send.
};

/// Collector: config/configgrpc, with gRPC's own defaults.
struct OtlpGrpcOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 4317;
  std::uint64_t message_bytes_max = 4u << 20;  ///< As it came, and after inflating.
  std::uint64_t connections_max = 10'000;
  net::Http2ServerOptions http2;
  std::optional<net::TlsServerOptions> tls;
  std::string authenticator;
};

struct OtlpReceiverConfig {
  bool http_enabled = false;
  OtlpHttpOptions http;
  bool grpc_enabled = false;
  OtlpGrpcOptions grpc;
};

OtlpReceiverConfig read_otlp_receiver_config(MapReader& reader);

}  // namespace nanospan::gateway

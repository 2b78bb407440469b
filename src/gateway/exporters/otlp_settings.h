// What the exporters of OTLP share, over HTTP or gRPC: keys, and TLS to the destination. Used by one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "gateway/codec/content_coding.h"
#include "gateway/config/map_reader.h"
#include "gateway/config/tls_config.h"
#include "gateway/telemetry/log.h"
#include "net/byte_stream.h"
#include "net/http_message.h"
#include "net/proxy.h"
#include "net/url.h"

namespace nanospan::gateway {

/// The Collector's default is gzip; `none` costs far less CPU where the network is near.
struct OtlpCompression {
  const ContentCoding* coding = find_content_coding("gzip");  ///< Null: none.
  int level = 1;                                              ///< Within what the codec takes.
};

/// `headers`: complains about what cannot be sent, or is the exporter's own. A Host among them goes to `authority`.
void read_otlp_headers(MapReader& reader, std::vector<net::Header>& out, std::string& authority);
/// The host of "host" or "host:port", an IPv6 address without its brackets; nothing of anything else.
std::optional<std::string> host_of_authority(std::string_view authority);
/// `compression` and `compression_params`.
void read_otlp_compression(MapReader& reader, OtlpCompression& out);

/// The proxy on the way to `url`: `proxy_url` of the configuration, which is used for all (and refused next to a
/// unix socket), or what the environment says.
Result<std::optional<net::Proxy>> otlp_proxy(const std::string& proxy_url, const net::ProxySettings& environment,
                                             const net::Url& url, bool is_grpc);
/// "" or ", through the proxy http://host:port".
std::string describe_proxy(const std::optional<net::Proxy>& proxy);

/// The streams to `url`: an empty factory, which is the plain socket, for http. `protocol` is that of ALPN. `log` must
/// outlive them. Fails in one line where a file of `options` is wrong.
Result<net::StreamFactory> otlp_tls_streams(net::TlsClientOptions options, const net::Url& url,
                                            const std::string& protocol, const std::string& subject, Log& log,
                                            const base::Clock& clock);

}  // namespace nanospan::gateway

// Checks the options. Pure.
#include "export/otlp_http/otlp_http_config.h"

#include <string>
#include <utility>

namespace nanospan::exporters {
namespace {

constexpr std::uint32_t kConnectionsMax = 64;

}  // namespace

Result<OtlpHttpConfig> validate(const OtlpHttpOptions& options) {
  Result<OtlpDelivery> delivery =
      validate_delivery({options.traces_endpoint, options.headers, options.compression, options.timeout_ms,
                         options.request_bytes_max, options.response_bytes_max, options.retry_initial_ms,
                         options.retry_max_ms, options.user_agent_prefix, options.tls, options.proxy, Protocol::kHttp});
  if (!delivery) return delivery.error();
  if (options.connections_max == 0 || options.connections_max > kConnectionsMax) {
    return Error{ErrorCode::kInvalidArgument, "connections_max is " + std::to_string(options.connections_max) +
                                                  "; it may be 1 to " + std::to_string(kConnectionsMax)};
  }
  OtlpHttpConfig config{std::move(delivery).value(), options.connections_max};
  config.name = "otlp_http";
  config.destination = config.url.shown();
  std::vector<net::Header> headers = {{"Content-Type", "application/x-protobuf"}};
  if (config.codec != nullptr) headers.push_back({"Content-Encoding", std::string(config.coding)});
  headers.insert(headers.end(), config.headers.begin(), config.headers.end());
  config.headers = std::move(headers);
  return config;
}

}  // namespace nanospan::exporters

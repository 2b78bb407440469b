// Checks the options. Pure.
#include "export/otlp_grpc/otlp_grpc_config.h"

#include <string>
#include <utility>

namespace nanospan::exporters {
namespace {

constexpr std::uint32_t kCallsMax = 1024;

}  // namespace

Result<OtlpGrpcConfig> validate(const OtlpGrpcOptions& options) {
  Result<OtlpDelivery> delivery =
      validate_delivery({options.endpoint, options.headers, options.compression, options.timeout_ms,
                         options.request_bytes_max, options.response_bytes_max, options.retry_initial_ms,
                         options.retry_max_ms, options.user_agent_prefix, options.tls, options.proxy, Protocol::kGrpc});
  if (!delivery) return delivery.error();
  if (options.calls_max == 0 || options.calls_max > kCallsMax) {
    return Error{ErrorCode::kInvalidArgument,
                 "calls_max is " + std::to_string(options.calls_max) + "; it may be 1 to 1024"};
  }
  OtlpGrpcConfig config{std::move(delivery).value(), options.calls_max, options.round_robin};
  config.name = "otlp_grpc";
  config.destination = config.url.origin();
  for (net::Header& header : config.headers) {  // RFC 9113, 8.2: names are in lower case
    for (char& c : header.name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (config.codec != nullptr) config.headers.push_back({"grpc-encoding", std::string(config.coding)});
  return config;
}

}  // namespace nanospan::exporters

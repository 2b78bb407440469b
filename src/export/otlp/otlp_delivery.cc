// Checks the options, in the order of their declaration. Pure.
#include "export/otlp/otlp_delivery.h"

#include "net/linked_tls.h"
#include "net/reserved_headers.h"

namespace nanospan::exporters {
namespace {

constexpr std::uint64_t kRetryMillisMax = 3'600'000;

Error invalid(std::string message) { return Error{ErrorCode::kInvalidArgument, std::move(message)}; }

/// Values are never part of a message: they are often secrets.
Status add_user_headers(const OtlpCommonOptions& options, std::vector<net::Header>& out) {
  for (const auto& [name, value] : options.headers) {
    if (!net::is_token(name))
      return invalid("header name \"" + name + "\" has a character that header names do not have");
    if (net::is_reserved_header(name)) return invalid("header \"" + name + "\" is set by the exporter itself");
    if (!net::is_header_value(value)) return invalid("the value of header \"" + name + "\" has a control character");
    out.push_back({name, value});
  }
  return {};
}

Status add_headers(const OtlpCommonOptions& options, std::vector<net::Header>& out) {
  if (const Status status = add_user_headers(options, out); !status) return status;
  if (net::find_header(out, "User-Agent").has_value()) return {};
  // protocol/exporter.md "User Agent": a product of the distribution may stand before the exporter's own.
  std::string agent = options.user_agent_prefix.empty() ? "" : options.user_agent_prefix + " ";
  agent += "OTel-OTLP-Exporter-Cpp/" NANOSPAN_VERSION;
  if (!net::is_header_value(agent)) return invalid("user_agent_prefix has a control character");
  out.push_back({"User-Agent", std::move(agent)});
  return {};
}

Status check_bounds(const OtlpCommonOptions& options) {
  if (options.request_bytes_max == 0) return invalid("request_bytes_max is 0: nothing could be sent");
  if (options.response_bytes_max == 0) return invalid("response_bytes_max is 0: no answer could be read");
  if (options.retry_initial_ms == 0 || options.retry_initial_ms > kRetryMillisMax) {
    return invalid("retry_initial_ms is " + std::to_string(options.retry_initial_ms) + "; it may be 1 to " +
                   std::to_string(kRetryMillisMax));
  }
  if (options.retry_max_ms < options.retry_initial_ms || options.retry_max_ms > kRetryMillisMax) {
    return invalid("retry_max_ms is " + std::to_string(options.retry_max_ms) + "; it may be retry_initial_ms, " +
                   std::to_string(options.retry_initial_ms) + ", to " + std::to_string(kRetryMillisMax));
  }
  return {};
}

}  // namespace

net::ChosenProxy choose_proxy(const std::function<std::optional<std::string>(const char* name)>& variable,
                              const std::string& endpoint, bool is_grpc) {
  const Result<net::Url> url = net::parse_url(endpoint);
  if (!url) return {};
  return net::choose_proxy(net::read_proxy_settings(variable), *url, is_grpc);
}

Result<OtlpDelivery> validate_delivery(const OtlpCommonOptions& options) {
  Result<net::Url> url = net::parse_url(options.endpoint);
  if (!url) return url.error();
  OtlpDelivery delivery;
  if (url->https) {
    delivery.tls.ca.file = options.tls.ca_file;
    delivery.tls.certificate.file = options.tls.cert_file;
    delivery.tls.key.file = options.tls.key_file;
    // Only to see whether it can be done; the protocol makes no difference to that.
    const auto streams = net::tls_streams(delivery.tls, url->host, "http/1.1");
    if (!streams) return streams.error().with_prefix("endpoint " + url->origin());
  }
  if (!options.proxy.empty()) {
    if (!url->socket.empty()) {
      return invalid("proxy is given, but the endpoint " + url->origin() +
                     " is a unix socket, which is never reached through one; remove either");
    }
    Result<net::Proxy> proxy = net::parse_proxy(options.proxy);
    if (!proxy) return proxy.error();
    delivery.proxy = std::move(proxy).value();
  }
  if (const Status status = check_bounds(options); !status) return status.error();
  if (options.compression != Compression::kNone) {
    delivery.coding = coding_name(options.compression);
    delivery.codec = linked_codec(options.compression, options.protocol);
    if (delivery.codec == nullptr) {
      const std::string name(delivery.coding);
      return Error{ErrorCode::kUnsupported, "compression " + name + " needs the library target nanospan::" + name +
                                                ", which is not linked into this program"};
    }
  }
  if (const Status status = add_headers(options, delivery.headers); !status) return status.error();
  delivery.url = std::move(url).value();
  delivery.timeout_nanos = timeout_nanos(options.timeout_ms);
  delivery.request_bytes_max = options.request_bytes_max;
  delivery.response_bytes_max = options.response_bytes_max;
  delivery.retry_initial_nanos = options.retry_initial_ms * base::kNanosPerMilli;
  delivery.retry_max_nanos = options.retry_max_ms * base::kNanosPerMilli;
  return delivery;
}

}  // namespace nanospan::exporters

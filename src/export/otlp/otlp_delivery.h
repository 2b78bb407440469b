// OtlpDelivery: what the OTLP exporters' options have in common, once it is checked. A plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanospan/exporters.h>

#include "base/result.h"
#include "base/time.h"
#include "export/otlp/codec_hook.h"
#include "net/http_message.h"
#include "net/proxy.h"
#include "net/tls_options.h"
#include "net/url.h"

namespace nanospan::exporters {

using net::before_path;  // for those that put endpoints together
using net::names_unix_socket;

struct OtlpDelivery {
  std::string name;         ///< The diagnostics' source: "otlp_http", "otlp_grpc".
  std::string destination;  ///< For messages.
  net::Url url;
  net::TlsClientOptions tls;  ///< If url.https.
  std::optional<net::Proxy> proxy;
  std::vector<net::Header> headers;  ///< The user's, and User-Agent.
  std::string_view coding;           ///< What `codec` is called.
  const BodyCodec* codec = nullptr;  ///< Null: bodies go out as they are.
  std::uint64_t timeout_nanos = base::kNever;
  std::size_t request_bytes_max = 0;
  std::size_t response_bytes_max = 0;
  std::uint64_t retry_initial_nanos = 0;
  std::uint64_t retry_max_nanos = 0;
};

/// Milliseconds as options have them, where 0 means no limit.
constexpr std::uint64_t timeout_nanos(std::uint64_t milliseconds) {
  const bool unlimited = milliseconds == 0 || milliseconds > base::kNever / base::kNanosPerMilli;
  return unlimited ? base::kNever : milliseconds * base::kNanosPerMilli;
}

/// The fields that all OTLP exporters' options share, by reference.
struct OtlpCommonOptions {
  const std::string& endpoint;
  const std::vector<std::pair<std::string, std::string>>& headers;
  Compression compression;
  std::uint64_t timeout_ms, request_bytes_max, response_bytes_max, retry_initial_ms, retry_max_ms;
  const std::string& user_agent_prefix;
  const OtlpTlsOptions& tls;
  const std::string& proxy;
  Protocol protocol;
};

/// What the environment says about proxies, for an endpoint. Nothing is checked: validate() does.
net::ChosenProxy choose_proxy(const std::function<std::optional<std::string>(const char* name)>& variable,
                              const std::string& endpoint, bool is_grpc);

/// kInvalidArgument for what cannot be meant, kUnsupported for https without nanospan::tls and for a compression whose
/// library is not linked.
Result<OtlpDelivery> validate_delivery(const OtlpCommonOptions& options);

}  // namespace nanospan::exporters

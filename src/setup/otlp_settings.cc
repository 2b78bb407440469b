// A variable of traces goes before that of all signals, and the program's option before both. Threads: see the header.
#include "setup/otlp_settings.h"

#include <algorithm>
#include <utility>

#include "export/otlp_grpc/otlp_grpc_config.h"
#include "export/otlp_http/otlp_http_config.h"
#include "setup/key_values.h"

namespace nanospan::setup {
namespace {

/// The two names of one setting, the stronger one first.
struct Names {
  const char* traces;
  const char* all;
};
constexpr Names kEndpoint = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"};
constexpr Names kHeaders = {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"};
constexpr Names kTimeout = {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"};
constexpr Names kCompression = {"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"};
constexpr Names kInsecure = {"OTEL_EXPORTER_OTLP_TRACES_INSECURE", "OTEL_EXPORTER_OTLP_INSECURE"};
constexpr Names kCertificate = {"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"};
constexpr Names kClientKey = {"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "OTEL_EXPORTER_OTLP_CLIENT_KEY"};
constexpr Names kClientCertificate = {"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
                                      "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"};
constexpr Names kProtocol = {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"};

/// Reads the environment into `settings`, one variable at a time, each only if the exporter accepts it.
class Reader {
 public:
  Reader(const Environment& environment, OtlpSettings& settings) : environment_(environment), settings_(settings) {}

  void read_protocol(bool has_grpc) {
    enum class Protocol { kHttp, kJson, kGrpc };
    for (const char* name : {kProtocol.traces, kProtocol.all}) {
      const auto protocol = environment_.choice<Protocol>(
          name, {{"http/protobuf", Protocol::kHttp}, {"http/json", Protocol::kJson}, {"grpc", Protocol::kGrpc}});
      if (!protocol) continue;
      settings_.grpc = *protocol == Protocol::kGrpc && has_grpc;
      if (*protocol == Protocol::kJson)
        environment_.warn(name, "http/json is not in this build; http/protobuf is used");
      if (*protocol == Protocol::kGrpc && !has_grpc) {
        environment_.warn(name,
                          "grpc needs the library target nanospan::otlp_grpc, which is not linked into this program; "
                          "http/protobuf is used");
      }
      return;
    }
  }

  /// Used as it is, for all signals and for traces alike (protocol/exporter.md "Endpoint", OTLP/gRPC).
  void read_grpc_endpoint() {
    for (const char* name : {kEndpoint.traces, kEndpoint.all}) {
      const auto url = environment_.text(name);
      if (!url) continue;
      const std::string full = with_scheme(*url);
      if (take(name, [&full](auto& options) { set_endpoint(options, full); })) return;
    }
  }

  void read_endpoint() {
    if (settings_.grpc) return read_grpc_endpoint();
    if (const auto url = environment_.text(kEndpoint.traces)) {
      // Used as it is; a URL without a path means "/" (protocol/exporter.md "Endpoint URLs for OTLP/HTTP").
      if (take(kEndpoint.traces, [&](auto& options) { set_endpoint(options, *url); })) return;
    }
    if (const auto url = environment_.text(kEndpoint.all)) {
      take(kEndpoint.all, [&](auto& options) { set_endpoint(options, traces_endpoint(*url)); });
    }
  }

  void read_headers() {
    for (const char* name : {kHeaders.traces, kHeaders.all}) {
      const auto text = environment_.text(name);
      if (!text) continue;
      Result<KeyValues> headers = parse_key_values(*text);
      if (!headers) {
        environment_.warn(name, headers.error().message + "; all of it is ignored");
      } else if (take(name, [&](auto& options) { options.headers = *headers; })) {
        return;
      }
    }
  }

  void read_timeout() {
    for (const char* name : {kTimeout.traces, kTimeout.all}) {
      const auto milliseconds = environment_.number(name);  // 0 = no limit
      if (!milliseconds) continue;
      settings_.http.timeout_ms = settings_.grpc_options.timeout_ms = *milliseconds;
      return;
    }
  }

  void read_compression() {
    for (const char* name : {kCompression.traces, kCompression.all}) {
      const auto compression = environment_.choice<Compression>(name, {{"none", Compression::kNone},
                                                                       {"gzip", Compression::kGzip},
                                                                       {"zstd", Compression::kZstd},
                                                                       {"snappy", Compression::kSnappy}});
      if (compression && take(name, [&](auto& options) { options.compression = *compression; })) return;
    }
  }

  void read_ca() {
    for (const char* name : {kCertificate.traces, kCertificate.all}) {
      const auto file = environment_.text(name);
      if (file && take(name, [&](auto& options) { options.tls.ca_file = *file; })) return;
    }
  }

  /// For the endpoint as it is now.
  void read_proxy() {
    const std::string& endpoint = settings_.grpc ? settings_.grpc_options.endpoint : settings_.http.traces_endpoint;
    const auto chosen =
        exporters::choose_proxy([this](const char* name) { return environment_.text(name); }, endpoint, settings_.grpc);
    if (!chosen.url.empty()) take(chosen.variable, [&](auto& options) { options.proxy = chosen.url; });
  }

  /// The two go together: each alone is wrong.
  void read_client_certificate() {
    const auto certificate = stronger(kClientCertificate);
    const auto key = stronger(kClientKey);
    if (certificate.name == nullptr && key.name == nullptr) return;
    take(certificate.name != nullptr ? certificate.name : key.name, [&](auto& options) {
      options.tls.cert_file = certificate.value;
      options.tls.key_file = key.value;
    });
  }

 private:
  struct Named {
    const char* name = nullptr;
    std::string value;
  };
  Named stronger(const Names& names) const {
    for (const char* name : {names.traces, names.all}) {
      if (const auto text = environment_.text(name)) return {name, std::string(*text)};
    }
    return {};
  }

  static void set_endpoint(OtlpHttpOptions& options, std::string url) { options.traces_endpoint = std::move(url); }
  static void set_endpoint(OtlpGrpcOptions& options, std::string url) { options.endpoint = std::move(url); }

  /// An endpoint without a scheme means TLS, unless OTEL_EXPORTER_OTLP_INSECURE says otherwise.
  std::string with_scheme(const std::string& endpoint) const {
    if (endpoint.find("://") != std::string::npos || exporters::names_unix_socket(endpoint)) return endpoint;
    const char* const name = environment_.text(kInsecure.traces) ? kInsecure.traces : kInsecure.all;
    return (environment_.boolean(name) ? "http://" : "https://") + endpoint;
  }

  template <class Change>
  bool take(const char* name, Change change) {
    return settings_.grpc ? take(name, settings_.grpc_options, change) : take(name, settings_.http, change);
  }

  template <class ExporterOptions, class Change>
  bool take(const char* name, ExporterOptions& options, Change change) {
    ExporterOptions changed = options;
    change(changed);
    const auto checked = exporters::validate(changed);
    if (checked.ok()) {
      options = std::move(changed);
      return true;
    }
    const bool endpoint = name == kEndpoint.traces || name == kEndpoint.all;
    if (endpoint && checked.error().code == ErrorCode::kUnsupported) {
      // Sending elsewhere than asked for would be worse than not sending.
      environment_.warn(name, checked.error().message + "; spans are not exported");
      settings_.unusable = std::string(name) + ": " + checked.error().message;
      return true;
    }
    environment_.warn(name, checked.error().message + "; it is ignored");
    return false;
  }

  const Environment& environment_;
  OtlpSettings& settings_;
};

/// What HTTP and gRPC have in common; the rest is the caller's.
template <class ExporterOptions>
void override_with(const OtlpOverrides& given, ExporterOptions& options, std::uint32_t& in_flight_max) {
  const auto take = [](const auto& wanted, auto& value) {
    if (wanted) value = *wanted;
  };
  take(given.timeout_ms, options.timeout_ms);
  take(given.compression, options.compression);
  take(given.ca_file, options.tls.ca_file);
  take(given.cert_file, options.tls.cert_file);
  take(given.key_file, options.tls.key_file);
  take(given.request_bytes_max, options.request_bytes_max);
  take(given.response_bytes_max, options.response_bytes_max);
  take(given.retry_initial_ms, options.retry_initial_ms);
  take(given.retry_max_ms, options.retry_max_ms);
  take(given.in_flight_max, in_flight_max);
  take(given.user_agent_prefix, options.user_agent_prefix);
  take(given.proxy, options.proxy);
}

/// TLS files of the program are its own fault also where only the environment's endpoint will use them.
Status check_tls_files(const OtlpOverrides& given, OtlpHttpOptions options) {
  if (!given.ca_file && !given.cert_file && !given.key_file) return {};
  options.traces_endpoint = "https://localhost";
  const auto checked = exporters::validate(options);
  if (checked.ok() || checked.error().code == ErrorCode::kUnsupported) return {};
  return checked.error();
}

}  // namespace

std::string traces_endpoint(std::string_view base) {
  // No host, which the path must not become; no URL at all, which is shown as the user wrote it.
  const bool has_scheme = base.find("://") != std::string_view::npos || exporters::names_unix_socket(base);
  if (base.ends_with("://") || !has_scheme) return std::string(base);
  const std::size_t query = std::min(base.find('?'), base.size());
  std::string url = exporters::before_path(base.substr(0, query));
  if (!url.ends_with('/')) url += '/';
  return url + "v1/traces" + std::string(base.substr(query));
}

Result<OtlpSettings> read_otlp_settings(const Options& options, const Environment& environment, bool has_grpc) {
  OtlpSettings settings;
  Reader reader(environment, settings);
  settings.grpc = options.protocol == OtlpProtocol::kGrpc;
  if (options.protocol == OtlpProtocol::kFromEnvironment) reader.read_protocol(has_grpc);
  if (!options.endpoint.empty()) {
    settings.http.traces_endpoint = traces_endpoint(options.endpoint);
    settings.grpc_options.endpoint = options.endpoint;
  }
  if (!options.headers.empty()) settings.http.headers = settings.grpc_options.headers = options.headers;
  override_with(options.otlp, settings.http, settings.http.connections_max);
  override_with(options.otlp, settings.grpc_options, settings.grpc_options.calls_max);
  if (settings.grpc) {
    if (const auto checked = exporters::validate(settings.grpc_options); !checked) return checked.error();
  } else if (const auto checked = exporters::validate(settings.http); !checked) {
    return checked.error();
  }
  if (options.endpoint.empty()) {
    if (const Status checked = check_tls_files(options.otlp, settings.http); !checked) return checked.error();
    reader.read_endpoint();
  }
  if (!options.otlp.proxy) reader.read_proxy();
  if (options.headers.empty()) reader.read_headers();
  if (!options.otlp.timeout_ms) reader.read_timeout();
  if (!options.otlp.compression) reader.read_compression();
  if (!options.otlp.ca_file) reader.read_ca();
  if (!options.otlp.cert_file && !options.otlp.key_file) reader.read_client_certificate();
  return settings;
}

}  // namespace nanospan::setup

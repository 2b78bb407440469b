#include "setup/otlp_settings.h"

#include <array>
#include <utility>

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
constexpr Names kProtocol = {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"};

/// Reads the environment into `settings`, one variable at a time, each only if the exporter accepts it.
class Reader {
 public:
  Reader(const Environment& environment, OtlpSettings& settings) : environment_(environment), settings_(settings) {}

  void read_endpoint() {
    if (const auto url = environment_.text(kEndpoint.traces)) {
      // Used as it is; a URL without a path means "/" (protocol/exporter.md "Endpoint URLs for OTLP/HTTP").
      if (take(kEndpoint.traces, [&](OtlpHttpOptions& options) { options.traces_endpoint = *url; })) return;
    }
    if (const auto url = environment_.text(kEndpoint.all)) {
      take(kEndpoint.all, [&](OtlpHttpOptions& options) { options.traces_endpoint = traces_endpoint(*url); });
    }
  }

  void read_headers() {
    for (const char* name : {kHeaders.traces, kHeaders.all}) {
      const auto text = environment_.text(name);
      if (!text) continue;
      Result<KeyValues> headers = parse_key_values(*text);
      if (!headers) {
        environment_.warn(name, headers.error().message + "; all of it is ignored");
      } else if (take(name, [&](OtlpHttpOptions& options) { options.headers = std::move(headers).value(); })) {
        return;
      }
    }
  }

  void read_timeout() {
    for (const char* name : {kTimeout.traces, kTimeout.all}) {
      const auto milliseconds = environment_.number(name);  // 0 = no limit
      if (!milliseconds) continue;
      settings_.options.timeout_ms = *milliseconds;
      return;
    }
  }

  void read_compression() {
    for (const char* name : {kCompression.traces, kCompression.all}) {
      const auto compression =
          environment_.choice<Compression>(name, {{"none", Compression::kNone}, {"gzip", Compression::kGzip}});
      if (compression && take(name, [&](OtlpHttpOptions& options) { options.compression = *compression; })) return;
    }
  }

  void read_protocol() {
    for (const char* name : {kProtocol.traces, kProtocol.all}) {
      const auto supported =
          environment_.choice<bool>(name, {{"http/protobuf", true}, {"http/json", false}, {"grpc", false}});
      if (!supported) continue;
      if (!*supported) environment_.warn(name, "grpc and http/json are not in this build; http/protobuf is used");
      return;
    }
  }

  void warn_about_tls() {
    constexpr std::array<const char*, 6> kNames = {
        "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",         "OTEL_EXPORTER_OTLP_CLIENT_KEY",
        "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"};
    for (const char* name : kNames) {
      if (environment_.text(name)) environment_.warn(name, "TLS is not in this build; it is ignored");
    }
  }

 private:
  template <class Change>
  bool take(const char* name, Change&& change) {
    OtlpHttpOptions changed = settings_.options;
    change(changed);
    const Result<exporters::OtlpHttpConfig> checked = exporters::validate(changed);
    if (checked.ok()) {
      settings_.options = std::move(changed);
      return true;
    }
    const bool endpoint = name == kEndpoint.traces || name == kEndpoint.all;
    if (endpoint && checked.error().code == ErrorCode::kUnsupported) {
      // Sending elsewhere than asked for would be worse than not sending.
      environment_.warn(name, checked.error().message + "; spans are not exported");
      settings_.usable = false;
      return true;
    }
    environment_.warn(name, checked.error().message + "; it is ignored");
    return false;
  }

  const Environment& environment_;
  OtlpSettings& settings_;
};

}  // namespace

std::string traces_endpoint(std::string_view base) {
  if (base.ends_with("://")) return std::string(base);  // no host: the path must not become one
  const std::size_t query = std::min(base.find('?'), base.size());
  std::string url(base.substr(0, query));
  if (!url.ends_with('/')) url += '/';
  return url + "v1/traces" + std::string(base.substr(query));
}

Result<OtlpSettings> read_otlp_settings(const Options& options, const Environment& environment) {
  OtlpSettings settings;
  if (!options.endpoint.empty()) settings.options.traces_endpoint = traces_endpoint(options.endpoint);
  if (!options.headers.empty()) settings.options.headers = options.headers;
  if (const auto checked = exporters::validate(settings.options); !checked) return checked.error();
  Reader reader(environment, settings);
  if (options.endpoint.empty()) reader.read_endpoint();
  if (options.headers.empty()) reader.read_headers();
  reader.read_timeout();
  reader.read_compression();
  reader.read_protocol();
  reader.warn_about_tls();
  return settings;
}

}  // namespace nanospan::setup

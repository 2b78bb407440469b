// Reads the `otlp` receiver's keys. One thread.
#include "gateway/receivers/otlp/otlp_receiver_config.h"

#include "gateway/config/listen_address.h"
#include "net/http1_message.h"

namespace nanospan::gateway {
namespace {

void read_cors(MapReader& reader, CorsOptions& out) {
  reader.read_list("allowed_origins", out.allowed_origins);
  reader.read_list("allowed_headers", out.allowed_headers);
  reader.read_list("exposed_headers", out.exposed_headers);
  reader.read("max_age", out.max_age_seconds, 0, 86'400 * 365);
  reader.finish();
}

void read_timeout(MapReader& reader, std::string_view key, std::uint64_t& nanos) {
  std::uint64_t given = nanos;
  reader.read_duration(key, given);
  if (given != 0) nanos = given;  // Zero means "no limit" in Go; here every wait has one, and zero keeps the default.
}

void read_compression(MapReader& reader, OtlpHttpOptions& out) {
  if (reader.node("compression_algorithms") == nullptr) return;
  std::vector<std::string> algorithms;
  reader.read_list("compression_algorithms", algorithms);
  out.gzip_accepted = false;
  for (const std::string& algorithm : algorithms) {
    if (algorithm == "gzip") {
      out.gzip_accepted = true;
    } else if (!algorithm.empty()) {
      reader.fail("compression_algorithms", "\"" + algorithm + "\" is not in this build; it has gzip and \"\" (none)");
    }
  }
}

void read_http(MapReader& reader, OtlpHttpOptions& out) {
  std::string endpoint;
  reader.read("endpoint", endpoint);
  if (!endpoint.empty()) {
    if (Result<ListenAddress> address = parse_listen_address(endpoint)) {
      out.host = address->host;
      out.port = address->port;
    } else {
      reader.fail("endpoint", address.error().message);
    }
  }
  std::string transport = "tcp";
  reader.read_choice("transport", {"tcp", "tcp4", "tcp6"}, transport);
  reader.read("traces_url_path", out.traces_path);
  if (out.traces_path.empty() || out.traces_path.front() != '/') out.traces_path.insert(0, "/");
  std::string unused_path;
  for (const std::string_view key : {"metrics_url_path", "logs_url_path", "profiles_url_path"})
    reader.read(key, unused_path);
  reader.read_bytes("max_request_body_size", out.body_bytes_max);
  if (out.body_bytes_max == 0) out.body_bytes_max = OtlpHttpOptions().body_bytes_max;
  read_compression(reader, out);
  read_timeout(reader, "read_header_timeout", out.head_nanos);
  read_timeout(reader, "idle_timeout", out.idle_nanos);
  read_timeout(reader, "write_timeout", out.write_nanos);
  reader.ignore("read_timeout", "a body must come at 16 KiB a second at least, whatever its size");
  reader.ignore("keep_alives_enabled", "the client decides, by Connection: close");
  reader.read("max_connections", out.connections_max, 1, 1'000'000);
  reader.read_pairs("response_headers", out.response_headers);
  for (const auto& [name, value] : out.response_headers) {
    if (!net::is_token(name) || !net::is_header_value(value))
      reader.fail("response_headers", "\"" + name + "\" cannot be sent as a header");
  }
  if (std::optional<MapReader> cors = reader.child("cors")) read_cors(*cors, out.cors);
  reader.refuse("tls", "put a TLS proxy in front, or remove it");
  reader.refuse("auth", "remove it, and listen on an address that only trusted senders reach");
  reader.refuse("include_metadata", "no component of this build reads request headers; remove it");
  reader.refuse("middlewares", "remove it");
  reader.finish();
}

}  // namespace

OtlpReceiverConfig read_otlp_receiver_config(MapReader& reader) {
  OtlpReceiverConfig config;
  if (std::optional<MapReader> protocols = reader.child("protocols")) {
    if (std::optional<MapReader> http = protocols->child("http")) {
      config.http_enabled = true;
      read_http(*http, config.http);
    }
    if (protocols->has("grpc")) {
      protocols->fail("grpc", "this build receives OTLP over HTTP only; remove grpc and send to http (port 4318)");
    }
    protocols->finish();
  }
  if (!config.http_enabled) reader.fail("protocols", "no protocol is enabled; write protocols: {http: }");
  return config;
}

}  // namespace nanospan::gateway

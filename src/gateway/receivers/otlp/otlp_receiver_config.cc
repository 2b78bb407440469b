// Reads the `otlp` receiver's keys. One thread.
#include "gateway/receivers/otlp/otlp_receiver_config.h"

#include "gateway/auth/authenticator.h"
#include "gateway/config/listen_address.h"
#include "gateway/config/tls_config.h"
#include "net/http_message.h"

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
  out.codings.clear();
  for (const std::string& algorithm : algorithms) {
    if (const ContentCoding* coding = find_content_coding(algorithm); coding != nullptr) {
      out.codings.push_back(coding);
    } else if (!algorithm.empty()) {
      reader.fail("compression_algorithms",
                  "\"" + algorithm + "\" is not in this build; it has " + content_coding_names() + " and \"\" (none)");
    }
  }
}

void read_endpoint(MapReader& reader, std::string& host, std::uint16_t& port) {
  std::string transport = "tcp";
  reader.read_choice("transport", {"tcp", "tcp4", "tcp6", "unix"}, transport);
  if (transport != "unix") {
    if (const std::optional<ListenAddress> address = read_listen_address(reader, "endpoint")) {
      host = address->host;
      port = address->port;
    }
    return;
  }
  std::string path;
  reader.read("endpoint", path);
  Result<ListenAddress> address = parse_unix_listen_address(path);
  if (!address) return reader.fail("endpoint", address.error().message);
  host = address->host;
  port = 0;
}

/// What neither protocol has.
void read_common(MapReader& reader) {
  bool include_metadata = false;
  reader.read("include_metadata", include_metadata);
  if (include_metadata) {
    reader.warn("include_metadata", "has no effect here: no component of this build reads request headers");
  }
  reader.refuse("middlewares", "remove it");
}

void read_http(MapReader& reader, OtlpHttpOptions& out) {
  read_endpoint(reader, out.host, out.port);
  for (const Signal signal : kSignals) {
    std::string& path = out.paths[signal];
    reader.read(info_of(signal).path_key, path);
    if (path.empty() || path.front() != '/') path.insert(0, "/");
  }
  reader.read_bytes("max_request_body_size", out.body_bytes_max);
  if (out.body_bytes_max == 0) out.body_bytes_max = OtlpHttpOptions().body_bytes_max;
  read_compression(reader, out);
  read_timeout(reader, "read_header_timeout", out.head_nanos);
  read_timeout(reader, "idle_timeout", out.idle_nanos);  // the Collector's key until it had the one below
  if (std::optional<MapReader> keepalive = reader.child("keepalive")) {
    read_timeout(*keepalive, "idle_timeout", out.idle_nanos);
    keepalive->finish();
  }
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
  out.authenticator = read_authenticator(reader);
  out.tls = read_tls_server(reader);
  if (out.tls) out.tls->protocols = {"h2", "http/1.1"};
  read_common(reader);
  reader.finish();
}

/// keepalive (grpc's keepalive package): server_parameters are what we do to clients, enforcement_policy what they may.
void read_keepalive(MapReader& reader, net::Http2ServerOptions& out) {
  if (std::optional<MapReader> parameters = reader.child("server_parameters")) {
    read_timeout(*parameters, "max_connection_idle", out.idle_nanos);
    read_timeout(*parameters, "max_connection_age", out.age_nanos_max);
    read_timeout(*parameters, "max_connection_age_grace", out.age_grace_nanos);
    read_timeout(*parameters, "time", out.ping_after_nanos);
    read_timeout(*parameters, "timeout", out.ping_timeout_nanos);
    parameters->finish();
  }
  if (std::optional<MapReader> policy = reader.child("enforcement_policy")) {
    read_timeout(*policy, "min_time", out.ping_interval_nanos_min);
    policy->read("permit_without_stream", out.pings_without_streams);
    policy->finish();
  }
  reader.finish();
}

void read_grpc(MapReader& reader, OtlpGrpcOptions& out) {
  read_endpoint(reader, out.host, out.port);
  std::uint64_t mebibytes = 0;
  reader.read("max_recv_msg_size_mib", mebibytes, 0, 4095);
  if (mebibytes != 0) out.message_bytes_max = mebibytes << 20;
  std::uint64_t streams = 0;
  reader.read("max_concurrent_streams", streams, 0, 0x7fff'ffff);
  if (streams != 0) out.http2.session.streams_max = static_cast<std::uint32_t>(streams);
  if (std::optional<MapReader> keepalive = reader.child("keepalive")) read_keepalive(*keepalive, out.http2);
  reader.read("max_connections", out.connections_max, 1, 1'000'000);
  for (const std::string_view key : {"read_buffer_size", "write_buffer_size"}) {
    reader.ignore(key, "buffers are shared by all connections, and written by reference");
  }
  out.authenticator = read_authenticator(reader);
  out.tls = read_tls_server(reader);
  if (out.tls) out.tls->protocols = {"h2"};
  read_common(reader);
  reader.finish();
}

}  // namespace

std::vector<const ContentCoding*> all_codings() {
  std::vector<const ContentCoding*> all;
  for (const ContentCoding& coding : content_codings()) all.push_back(&coding);
  return all;
}

PerSignal<std::string> default_paths() {
  PerSignal<std::string> paths;
  for (const Signal signal : kSignals) paths[signal] = info_of(signal).http_path;
  return paths;
}

OtlpReceiverConfig read_otlp_receiver_config(MapReader& reader) {
  OtlpReceiverConfig config;
  if (std::optional<MapReader> protocols = reader.child("protocols")) {
    if (std::optional<MapReader> http = protocols->child("http")) {
      config.http_enabled = true;
      read_http(*http, config.http);
    }
    if (std::optional<MapReader> grpc = protocols->child("grpc")) {
      config.grpc_enabled = true;
      read_grpc(*grpc, config.grpc);
    }
    protocols->finish();
  }
  if (!config.http_enabled && !config.grpc_enabled) {
    reader.fail("protocols", "no protocol is enabled; write protocols: {grpc: , http: }");
  }
  return config;
}

}  // namespace nanospan::gateway

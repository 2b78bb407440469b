// Lifecycle of the `otlp` receiver and the counters of its server. Threads: see the header.
#include "gateway/receivers/otlp/otlp_receiver.h"

#include <atomic>
#include <vector>

#include "gateway/config/listen_address.h"
#include "gateway/config/units.h"
#include "gateway/telemetry/printable.h"
#include "net/tls_streams.h"

namespace nanospan::gateway {
namespace {

std::string describe_access(const std::optional<net::TlsServerOptions>& tls, const std::string& authenticator) {
  std::string text;
  if (tls) text = tls->client_ca.given() ? ", TLS with certificates of clients" : ", TLS";
  return authenticator.empty() ? text : text + ", for those whom " + authenticator + " knows";
}

}  // namespace

OtlpReceiver::OtlpReceiver(OtlpReceiverConfig config, std::string receiver, Host& host, const SignalConsumers& next)
    : config_(std::move(config)), receiver_(std::move(receiver)), host_(host), next_(next) {
  if (config_.http_enabled) {
    http_handler_ = std::make_shared<OtlpHttpHandler>(config_.http, receiver_, host, next);
  }
  if (config_.grpc_enabled) {
    grpc_service_ = std::make_shared<OtlpGrpcService>(config_.grpc, receiver_, host, next);
  }
}

Status OtlpReceiver::start() {
  if (Status started = start_http(); !started) return started;
  if (Status started = start_grpc(); !started) return started;
  if (http_server_ && grpc_server_) {  // Each side knows where the other is, for clients that come to the wrong one.
    http_handler_->set_other_port(grpc_server_->port());
    grpc_service_->set_other_port(http_server_->port());
  }
  return {};
}

Status OtlpReceiver::start_http() {
  if (!http_handler_) return {};
  net::HttpServerOptions options;
  if (Status known = http_handler_->require(config_.http.authenticator); !known) return known;
  Result<net::StreamFactory> made = streams(config_.http.tls, "http");
  if (!made) return made.error();
  options.make_stream = std::move(made).value();
  options.host = config_.http.host;
  options.port = config_.http.port;
  options.connections_max = static_cast<std::size_t>(config_.http.connections_max);
  options.on_over_limit = says_over_limit("http", options.connections_max);
  options.head_nanos = config_.http.head_nanos;
  options.idle_nanos = config_.http.idle_nanos;
  options.write_nanos = config_.http.write_nanos;
  net::Http2ServerOptions http2;
  http2.idle_nanos = config_.http.idle_nanos;
  // That PINGs may be too many is gRPC's rule alone; floods of them end the connection here, too.
  http2.ping_interval_nanos_min = 0;
  http2.pings_without_streams = true;
  options.http2 = net::http2_server_protocol(http2);
  Result<std::unique_ptr<net::HttpServer>> server =
      net::HttpServer::start(host_.loops(), std::move(options), http_handler_);
  if (!server) return server.error().with_prefix("protocols.http.endpoint");
  http_server_ = std::move(server).value();
  publish_counters("http", *http_server_);
  return {};
}

Status OtlpReceiver::start_grpc() {
  if (!grpc_service_) return {};
  net::HttpServerOptions options;
  if (Status known = grpc_service_->require(config_.grpc.authenticator); !known) return known;
  Result<net::StreamFactory> made = streams(config_.grpc.tls, "grpc");
  if (!made) return made.error();
  options.make_stream = std::move(made).value();
  options.host = config_.grpc.host;
  options.port = config_.grpc.port;
  options.connections_max = static_cast<std::size_t>(config_.grpc.connections_max);
  options.on_over_limit = says_over_limit("grpc", options.connections_max);
  options.http2 = net::http2_server_protocol(config_.grpc.http2);
  auto handler = std::make_shared<net::GrpcHandler>(grpc_service_, grpc_coding_names(), nullptr);
  Result<std::unique_ptr<net::HttpServer>> server =
      net::HttpServer::start(host_.loops(), std::move(options), std::move(handler));
  if (!server) return server.error().with_prefix("protocols.grpc.endpoint");
  grpc_server_ = std::move(server).value();
  publish_counters("grpc", *grpc_server_);
  return {};
}

/// The log's line for a connection that is one too many; its sender sees only that it was closed.
std::function<void()> OtlpReceiver::says_over_limit(const std::string& transport, std::size_t connections_max) const {
  return [&log = host_.log(), subject = "receiver " + receiver_, reason = transport + "_over_limit",
          text = transport + ": connections are closed as they come, as there are " + std::to_string(connections_max) +
                 " already (protocols." + transport +
                 ".max_connections); let clients keep and share connections, or raise it"] {
    log.warn_limited(subject, reason, text);
  };
}

/// TLS, or none. Handshakes fail on the loops' threads.
Result<net::StreamFactory> OtlpReceiver::streams(const std::optional<net::TlsServerOptions>& tls,
                                                 const std::string& transport) {
  if (!tls) return net::StreamFactory();
  net::TlsServerOptions options = *tls;
  Metric& failures = host_.metrics().counter("nanospan_receiver_tls_handshake_failures",
                                             "Connections that ended before both sides had agreed on TLS.",
                                             {{"receiver", receiver_}, {"transport", transport}});
  Metric& reloads = host_.metrics().counter("nanospan_receiver_tls_reload_failures",
                                            "Changed certificate files that could not be used; the old stay in use.",
                                            {{"receiver", receiver_}, {"transport", transport}});
  const std::string subject = "receiver " + receiver_;
  options.on_handshake_failed = [&failures, &log = host_.log(), subject, transport](std::string_view why) {
    failures.add(1);
    log.warn_limited(subject, transport + "_tls_handshake", transport + ": " + printable(why));
  };
  options.on_reload_failed = [&reloads, &log = host_.log(), subject, transport](std::string_view why) {
    reloads.add(1);
    log.warn_limited(subject, transport + "_tls_reload",
                     transport + ": " + std::string(why) + "; the old files stay in use");
  };
  return net::tls_server_streams(std::move(options), {}, host_.clock());
}

void OtlpReceiver::publish_counters(std::string_view transport, const net::HttpServer& server) {
  const auto publish = [&](std::string_view event, std::uint64_t net::HttpServerCounters::*field) {
    observations_.push_back(host_.metrics().observe_counter(
        "nanospan_receiver_connection_events", "What happened to connections and requests, by kind.",
        {{"receiver", receiver_}, {"transport", transport}, {"event", event}},
        [&server, field] { return static_cast<double>(server.counters().*field); }));
  };
  using Counters = net::HttpServerCounters;
  publish("accepted", &Counters::connections_accepted);
  publish("over_limit", &Counters::connections_over_limit);
  publish("accept_failed", &Counters::accept_failures);
  publish("malformed", &Counters::refused_malformed);
  publish("head_too_large", &Counters::refused_head_too_large);
  publish("closed_idle", &Counters::closed_idle);
  publish("closed_head_slow", &Counters::closed_head_slow);
  publish("closed_body_slow", &Counters::closed_body_slow);
  publish("closed_write_slow", &Counters::closed_write_slow);
  publish("closed_linger", &Counters::closed_linger);
  publish("closed_by_peer_in_head", &Counters::closed_by_peer_in_head);
  publish("closed_by_peer_in_body", &Counters::closed_by_peer_in_body);
  publish("closed_by_peer_in_response", &Counters::closed_by_peer_in_response);
  publish("closed_by_drain", &Counters::closed_by_drain);
  publish("unanswered", &Counters::unanswered);
  publish("answered_too_late", &Counters::answers_too_late);
  publish("http2", &Counters::http2_connections);
  publish("http2_reset_by_peer", &Counters::http2_reset_by_peer);
  publish("http2_protocol_error", &Counters::http2_protocol_errors);
  publish("http2_flood", &Counters::http2_floods);
  publish("http2_too_many_pings", &Counters::http2_too_many_pings);
  publish("closed_ping_timeout", &Counters::closed_ping_timeout);
  publish("closed_by_age", &Counters::closed_by_age);
  publish("deadline", &Counters::answer_deadlines);
  observations_.push_back(host_.metrics().observe_gauge(
      "nanospan_receiver_connections", "Open connections.", {{"receiver", receiver_}, {"transport", transport}},
      [&server] { return static_cast<double>(server.counters().connections_open); }));
}

void OtlpReceiver::drain(base::Deadline deadline, net::Task done) {
  if (http_handler_) http_handler_->begin_drain();
  if (grpc_service_) grpc_service_->begin_drain();
  std::vector<net::HttpServer*> servers;
  for (net::HttpServer* server : {http_server_.get(), grpc_server_.get()}) {
    if (server != nullptr) servers.push_back(server);
  }
  if (servers.empty()) return done();
  struct Gathering {
    Gathering(std::size_t count, net::Task task) : left(count), done(std::move(task)) {}
    std::atomic<std::size_t> left;
    const net::Task done;
  };
  const auto gathering = std::make_shared<Gathering>(servers.size(), std::move(done));
  for (net::HttpServer* server : servers) {
    server->begin_drain(deadline, [gathering] {
      if (gathering->left.fetch_sub(1) == 1) gathering->done();
    });
  }
}

/// Of the signals that it takes.
std::string OtlpReceiver::paths() const {
  std::string text;
  for (const Signal signal : kSignals) {
    if (next_.of(signal) != nullptr) text += (text.empty() ? "" : " ") + config_.http.paths[signal];
  }
  return text;
}

std::string OtlpReceiver::describe() const {
  std::string text;
  if (http_handler_) {
    const std::uint16_t port = http_server_ ? http_server_->port() : config_.http.port;
    const ListenAddress address{config_.http.host, port};
    text = "http " + address.text() + (address.is_unix() ? ":" : "") + paths() + ", bodies to " +
           format_byte_size(config_.http.body_bytes_max) + ", connections to " +
           std::to_string(config_.http.connections_max) + describe_access(config_.http.tls, config_.http.authenticator);
  }
  if (grpc_service_) {
    const std::uint16_t port = grpc_server_ ? grpc_server_->port() : config_.grpc.port;
    if (!text.empty()) text += "; ";
    text += "grpc " + ListenAddress{config_.grpc.host, port}.text() + ", messages to " +
            format_byte_size(config_.grpc.message_bytes_max) + ", connections to " +
            std::to_string(config_.grpc.connections_max) +
            describe_access(config_.grpc.tls, config_.grpc.authenticator);
  }
  return text;
}

}  // namespace nanospan::gateway

// Lifecycle of the `otlp` receiver and the counters of its server. Threads: see the header.
#include "gateway/receivers/otlp/otlp_receiver.h"

#include "gateway/config/listen_address.h"
#include "gateway/config/units.h"

namespace nanospan::gateway {

OtlpReceiver::OtlpReceiver(OtlpReceiverConfig config, std::string receiver, Host& host, Consumer& next)
    : config_(std::move(config)),
      receiver_(std::move(receiver)),
      host_(host),
      handler_(std::make_shared<OtlpHttpHandler>(config_.http, receiver_, host, next)) {}

Status OtlpReceiver::start() {
  net::Http1ServerOptions options;
  options.host = config_.http.host;
  options.port = config_.http.port;
  options.connections_max = static_cast<std::size_t>(config_.http.connections_max);
  options.head_nanos = config_.http.head_nanos;
  options.idle_nanos = config_.http.idle_nanos;
  options.write_nanos = config_.http.write_nanos;
  Result<std::unique_ptr<net::Http1Server>> server =
      net::Http1Server::start(host_.loops(), std::move(options), handler_);
  if (!server) return server.error();
  server_ = std::move(server).value();
  publish_counters();
  return {};
}

void OtlpReceiver::publish_counters() {
  const auto publish = [this](std::string_view event, std::uint64_t net::Http1ServerCounters::*field) {
    host_.metrics().observe_counter("nanospan_receiver_connection_events",
                                    "What happened to connections and requests, by kind.",
                                    {{"receiver", receiver_}, {"transport", "http"}, {"event", event}},
                                    [this, field] { return static_cast<double>(server_->counters().*field); });
  };
  using Counters = net::Http1ServerCounters;
  publish("accepted", &Counters::connections_accepted);
  publish("over_limit", &Counters::connections_over_limit);
  publish("accept_failed", &Counters::accept_failures);
  publish("malformed", &Counters::refused_malformed);
  publish("head_too_large", &Counters::refused_head_too_large);
  publish("closed_idle", &Counters::closed_idle);
  publish("closed_head_slow", &Counters::closed_head_slow);
  publish("closed_body_slow", &Counters::closed_body_slow);
  publish("closed_write_slow", &Counters::closed_write_slow);
  publish("closed_by_peer_in_head", &Counters::closed_by_peer_in_head);
  publish("closed_by_peer_in_body", &Counters::closed_by_peer_in_body);
  publish("closed_by_peer_in_response", &Counters::closed_by_peer_in_response);
  publish("closed_by_drain", &Counters::closed_by_drain);
  publish("unanswered", &Counters::unanswered);
  publish("answered_too_late", &Counters::answers_too_late);
  host_.metrics().observe_gauge("nanospan_receiver_connections", "Open connections.",
                                {{"receiver", receiver_}, {"transport", "http"}},
                                [this] { return static_cast<double>(server_->counters().connections_open); });
}

void OtlpReceiver::drain(base::Deadline deadline, net::Task done) {
  handler_->begin_drain();
  if (server_ == nullptr) return done();
  server_->begin_drain(deadline, std::move(done));
}

std::string OtlpReceiver::describe() const {
  const std::uint16_t port = server_ != nullptr ? server_->port() : config_.http.port;
  return "http " + ListenAddress{config_.http.host, port}.text() + config_.http.traces_path + ", bodies to " +
         format_byte_size(config_.http.body_bytes_max) + ", connections to " +
         std::to_string(config_.http.connections_max);
}

}  // namespace nanospan::gateway

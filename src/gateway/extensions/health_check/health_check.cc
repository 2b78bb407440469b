// The health answer. Threads: see the header.
#include "gateway/extensions/health_check/health_check.h"

#include <array>
#include <ctime>

#include "gateway/config/units.h"
#include "net/tls_streams.h"

namespace nanospan::gateway {
namespace {

std::string rfc3339(base::UnixNanos when) {
  const std::time_t seconds = static_cast<std::time_t>(when / base::kNanosPerSecond);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return std::string(text.data(), length);
}

}  // namespace

Status HealthCheck::start() {
  up_since_ = host_.clock().unix_now();
  started_ = host_.clock().monotonic_now();
  net::StreamFactory streams;
  if (config_.tls) {
    net::TlsServerOptions options = *config_.tls;
    options.on_reload_failed = [&log = host_.log()](std::string_view why) {
      log.warn_limited("extension health_check", "tls_reload", std::string(why) + "; the old files stay in use");
    };
    Result<net::StreamFactory> made = net::tls_server_streams(std::move(options), {}, host_.clock());
    if (!made) return made.error();
    streams = std::move(made).value();
  }
  Result<std::unique_ptr<StatusEndpoint>> endpoint = StatusEndpoint::start(
      host_.shared_loop(), config_.address, {{config_.path, [this] { return answer(); }}}, {}, std::move(streams));
  if (!endpoint) return endpoint.error();
  endpoint_ = std::move(endpoint).value();
  return {};
}

net::Response HealthCheck::answer() const {
  const bool ready = host_.is_ready();
  net::Response response;
  response.status = ready ? 200 : 503;
  response.body = ready ? config_.healthy_body : config_.unhealthy_body;
  if (!response.body.empty()) {
    response.headers.push_back({"Content-Type", "text/plain; charset=utf-8"});
    return response;
  }
  response.headers.push_back({"Content-Type", "application/json"});
  response.body = ready ? "{\"status\":\"Server available\",\"upSince\":\"" + rfc3339(up_since_) + "\",\"uptime\":\"" +
                              format_duration(host_.clock().monotonic_now() - started_) + "\"}"
                        : "{\"status\":\"Server not available\"}";
  return response;
}

void HealthCheck::drain(base::Deadline deadline, net::Task done) {
  if (endpoint_ == nullptr) return done();
  endpoint_->drain(deadline, std::move(done));
}

std::string HealthCheck::describe() const {
  const ListenAddress shown{config_.address.host, endpoint_ ? endpoint_->port() : config_.address.port};
  return "http " + shown.text() + config_.path + (config_.tls ? ", TLS" : "");
}

}  // namespace nanospan::gateway

// From the configuration to the profile server; when it stops, profiles that are under way are written. Threads: see
// the header.
#include "gateway/extensions/pprof/pprof.h"

#include <utility>

#include "gateway/exporters/otlp_settings.h"

namespace nanospan::gateway {

Pprof::~Pprof() {
  server_.reset();
  const std::lock_guard lock(problems_->mutex);
  problems_->log = nullptr;
}

profile::RecorderOptions Pprof::recorder_options() const {
  profile::RecorderOptions recorder;
  recorder.profile_nanos = config_.profile_nanos;
  recorder.every_nanos = config_.interval_nanos;
  recorder.files = {config_.directory, config_.directory_bytes_max};
  profile::PushOptions& push = recorder.push;
  if (config_.push.url) push.url = config_.push.url->shown();  // all of it, as there is no query
  for (const net::Header& header : config_.push.headers) push.headers.emplace_back(header.name, header.value);
  push.protocol = config_.push.protocol;
  push.service_name = config_.push.service_name;
  push.timeout_nanos = config_.push.timeout_nanos;
  push.proxy = proxy_;
  push.tls_streams = [this](const net::Url& url) {
    return otlp_tls_streams(config_.push.tls, url, "http/1.1", subject_, host_.log(), host_.clock());
  };
  recorder.problem = [problems = problems_, subject = subject_](const std::string& line) {
    const std::lock_guard lock(problems->mutex);
    if (problems->log != nullptr) problems->log->warn_limited(subject, "recording", line);
  };
  return recorder;
}

Status Pprof::start() {
  if (config_.push.url) {
    Result<std::optional<net::Proxy>> proxy =
        otlp_proxy(config_.push.proxy_url, host_.proxies(), *config_.push.url, false);
    if (!proxy) return proxy.error();
    proxy_ = std::move(proxy).value();
  }
  profile::ProfileServerOptions options;
  options.host = config_.address.host;
  options.port = config_.address.port;
  options.endpoints.token = config_.token;
  options.profiler.continuous = config_.continuous;
  options.profiler.history.bytes_max = static_cast<std::size_t>(config_.history_bytes_max);
  options.profiler.hz = static_cast<unsigned>(config_.hz);
  options.profiler.heap_interval_bytes = static_cast<std::size_t>(config_.heap_interval_bytes);
  options.profiler.locks = config_.locks;
  options.recorder = recorder_options();
  options.profiler.problem = options.recorder.problem;
  Result<std::unique_ptr<profile::ProfileServer>> server = profile::ProfileServer::start(std::move(options));
  if (!server) return server.error();
  server_ = std::move(server).value();
  return {};
}

// Profiles that somebody waits for are of no use to a process that ends; those that are recorded are written and
// sent, as far as they are.
void Pprof::drain(base::Deadline deadline, net::Task done) {
  if (server_) server_->stop(deadline.left(host_.clock().monotonic_now()));
  server_.reset();
  done();
}

std::string Pprof::describe() const {
  const ListenAddress shown{config_.address.host, server_ ? server_->port() : config_.address.port};
  std::string text = "http " + shown.text() + "/debug/pprof/";
  if (!config_.directory.empty()) text += ", profiles in " + config_.directory;
  if (config_.push.url) {
    text += ", profiles to " + config_.push.url->shown() + describe_proxy(proxy_);
  }
  return text;
}

}  // namespace nanospan::gateway

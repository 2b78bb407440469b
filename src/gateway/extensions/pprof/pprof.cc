#include "gateway/extensions/pprof/pprof.h"

#include <utility>

namespace nanospan::gateway {

Status Pprof::start() {
  profile::ProfileServerOptions options;
  options.host = config_.address.host;
  options.port = config_.address.port;
  options.endpoints.token = config_.token;
  options.profiler.continuous = config_.continuous;
  options.profiler.hz = static_cast<unsigned>(config_.hz);
  Result<std::unique_ptr<profile::ProfileServer>> server = profile::ProfileServer::start(std::move(options));
  if (!server) return server.error();
  server_ = std::move(server).value();
  return {};
}

// Profiles that are under way are of no use to a process that ends: nobody waits for them.
void Pprof::drain(base::Deadline, net::Task done) {
  server_.reset();
  done();
}

std::string Pprof::describe() const {
  const ListenAddress shown{config_.address.host, server_ ? server_->port() : config_.address.port};
  return "http " + shown.text() + "/debug/pprof/";
}

}  // namespace nanospan::gateway

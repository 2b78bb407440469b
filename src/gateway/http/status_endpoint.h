// StatusEndpoint: a small HTTP server that answers GET on a few paths with a text made on the spot: health, metrics;
// and that does something at a POST.
//
// Runs on one loop. The functions are called there, and must stay valid until it is destroyed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/config/listen_address.h"
#include "net/http_server.h"

namespace nanospan::gateway {

class StatusEndpoint {
 public:
  struct Page {
    std::string path;
    std::function<net::Response()> answer;
  };
  struct Action {
    std::string path;
    std::function<void(net::Responder)> run;
  };
  static Result<std::unique_ptr<StatusEndpoint>> start(net::EventLoop& loop, const ListenAddress& address,
                                                       std::vector<Page> pages, std::vector<Action> actions = {},
                                                       net::StreamFactory streams = {});

  /// Use start().
  explicit StatusEndpoint(std::unique_ptr<net::HttpServer> server) : server_(std::move(server)) {}

  std::uint16_t port() const { return server_->port(); }
  void drain(base::Deadline deadline, net::Task done) { server_->begin_drain(deadline, std::move(done)); }

 private:
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace nanospan::gateway

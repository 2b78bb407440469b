// One traced client for each thread and URL.
#include "examples/shop/peer.h"

#include <nanospan/adapters/httplib.h>

#include <map>
#include <utility>

namespace shop {
namespace {

constexpr time_t kTimeoutSeconds = 5;

nanospan::adapters::TracedClient& client_of(const std::string& url) {
  thread_local std::map<std::string, nanospan::adapters::TracedClient> clients;
  const auto [place, made] = clients.try_emplace(url, url);
  if (made) {
    httplib::Client& client = place->second.client();
    client.set_keep_alive(true);
    client.set_tcp_nodelay(true);
    client.set_connection_timeout(kTimeoutSeconds);
    client.set_read_timeout(kTimeoutSeconds);
  }
  return place->second;
}

}  // namespace

nanospan::Result<httplib::Response> Peer::ask(const std::string& method, const std::string& path,
                                              const std::string& route, std::string body) const {
  httplib::Request request;
  request.method = method;
  request.path = path;
  if (!body.empty()) {
    request.set_header("Content-Type", "application/json");
    request.body = std::move(body);
  }
  const httplib::Result result = client_of(url_).send(std::move(request), route);
  if (result) return *result;
  return nanospan::Error{nanospan::ErrorCode::kUnavailable, name_ + ": " + httplib::to_string(result.error())};
}

}  // namespace shop

// The handler behind StatusEndpoint. On the loop's thread.
#include "gateway/http/status_endpoint.h"

#include <algorithm>

namespace nanospan::gateway {
namespace {

net::Response plain(int status, std::string text) {
  net::Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", "text/plain; charset=utf-8"});
  response.body = std::move(text);
  return response;
}

class PagesHandler final : public net::Http1Handler {
 public:
  explicit PagesHandler(std::vector<StatusEndpoint::Page> pages) : pages_(std::move(pages)) {}

  net::Admission on_headers(const net::MessageHead& head) override {
    const auto page = std::find_if(pages_.begin(), pages_.end(), [&](const auto& p) { return p.path == head.path(); });
    if (page == pages_.end()) {
      std::string text = "not found; here is:";
      for (const StatusEndpoint::Page& known : pages_) text += " " + known.path;
      return net::Admission::answer(plain(404, text + "\n"));
    }
    if (head.method() != "GET" && head.method() != "HEAD") {
      net::Response response = plain(405, "use GET\n");
      response.headers.push_back({"Allow", "GET, HEAD"});
      return net::Admission::answer(std::move(response));
    }
    return net::Admission::answer(page->answer());
  }
  void on_request(net::Request, net::Responder responder) override { responder.respond(plain(500, "")); }

 private:
  const std::vector<StatusEndpoint::Page> pages_;
};

}  // namespace

Result<std::unique_ptr<StatusEndpoint>> StatusEndpoint::start(net::EventLoop& loop, const ListenAddress& address,
                                                              std::vector<Page> pages) {
  net::Http1ServerOptions options;
  options.host = address.host;
  options.port = address.port;
  options.connections_max = 100;  // People, probes and scrapers.
  Result<std::unique_ptr<net::Http1Server>> server =
      net::Http1Server::start({&loop}, std::move(options), std::make_shared<PagesHandler>(std::move(pages)));
  if (!server) return server.error();
  return std::make_unique<StatusEndpoint>(std::move(server).value());
}

}  // namespace nanospan::gateway

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

class PagesHandler final : public net::HttpHandler {
 public:
  PagesHandler(std::vector<StatusEndpoint::Page> pages, std::vector<StatusEndpoint::Action> actions)
      : pages_(std::move(pages)), actions_(std::move(actions)) {}

  net::Admission on_headers(const net::MessageHead& head) override {
    if (find(actions_, head) != nullptr) return admit_action(head);
    const StatusEndpoint::Page* const page = find(pages_, head);
    if (page == nullptr) {
      std::string text = "not found; here is:";
      for (const StatusEndpoint::Page& known : pages_) text += " " + known.path;
      for (const StatusEndpoint::Action& known : actions_) text += " " + known.path;
      return net::Admission::answer(plain(404, text + "\n"));
    }
    if (head.method() != "GET" && head.method() != "HEAD") return wrong_method("GET, HEAD");
    return net::Admission::answer(page->answer());
  }
  void on_request(net::Request request, net::Responder responder) override {
    find(actions_, request.head)->run(std::move(responder));
  }

 private:
  static constexpr std::size_t kActionBodyBytesMax = 4 << 10;  // Nothing is read from it.

  template <class T>
  static const T* find(const std::vector<T>& all, const net::MessageHead& head) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const T& one) { return one.path == head.path(); });
    return found == all.end() ? nullptr : &*found;
  }

  static net::Admission wrong_method(const std::string& allowed) {
    net::Response response = plain(405, "use " + allowed.substr(0, allowed.find(',')) + "\n");
    response.headers.push_back({"Allow", allowed});
    return net::Admission::answer(std::move(response));
  }

  static net::Admission admit_action(const net::MessageHead& head) {
    if (head.method() != "POST") return wrong_method("POST");
    // Browsers send it with every POST: a page of somebody else must not do anything here.
    if (head.headers.find("Origin")) return net::Admission::answer(plain(403, "not from a web page\n"));
    return net::Admission::accept(kActionBodyBytesMax);
  }

  const std::vector<StatusEndpoint::Page> pages_;
  const std::vector<StatusEndpoint::Action> actions_;
};

}  // namespace

Result<std::unique_ptr<StatusEndpoint>> StatusEndpoint::start(net::EventLoop& loop, const ListenAddress& address,
                                                              std::vector<Page> pages, std::vector<Action> actions,
                                                              net::StreamFactory streams) {
  net::HttpServerOptions options;
  options.host = address.host;
  options.port = address.port;
  options.make_stream = std::move(streams);
  options.connections_max = 100;  // People, probes and scrapers.
  Result<std::unique_ptr<net::HttpServer>> server = net::HttpServer::start(
      {&loop}, std::move(options), std::make_shared<PagesHandler>(std::move(pages), std::move(actions)));
  if (!server) return server.error();
  return std::make_unique<StatusEndpoint>(std::move(server).value());
}

}  // namespace nanospan::gateway

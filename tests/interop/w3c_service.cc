// The service that the W3C trace-context conformance suite (repository w3c/trace-context, folder test/) drives.
//
//   w3c_service [PORT]     port 5000; 0 = any free one. Prints where it listens, stops on SIGTERM.
//
// For each {"url": ..., "arguments": [...]} of the JSON array that is posted to /test, posts `arguments` to `url`, with
// the trace context of the request in the headers. It uses what a user would use and nothing else: start() and the
// cpp-httplib adapter, so that the suite judges the whole way from header to header. One worker thread a connection,
// which owns all that a request touches.
#include <httplib.h>
#include <simdjson.h>

#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include <nanospan/adapters/httplib.h>
#include <nanospan/nanospan.h>
#include <nanospan/tracer_provider.h>

namespace {

/// Posts `body` to "http://host:port/path"; false if there is no answer.
bool call(const std::string& url, std::string body) {
  const std::size_t authority = url.find("://");
  const std::size_t path = authority == std::string::npos ? authority : url.find('/', authority + 3);
  if (path == std::string::npos) return false;
  nanospan::adapters::TracedClient client(url.substr(0, path));
  httplib::Request request;
  request.method = "POST";
  request.path = url.substr(path);
  request.set_header("Content-Type", "application/json");
  request.body = std::move(body);
  return static_cast<bool>(client.send(std::move(request)));
}

/// The status of the answer: 200, 400 for what is not the suite's JSON, 502 if a call failed.
int call_all(const std::string& body) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(body);
  simdjson::ondemand::document document;
  simdjson::ondemand::array calls;
  if (parser.iterate(padded).get(document) || document.get_array().get(calls)) return 400;
  int status = 200;
  for (auto element : calls) {
    std::string_view url;
    simdjson::ondemand::array arguments;
    std::string_view json;
    if (element["url"].get_string().get(url) || element["arguments"].get_array().get(arguments)) return 400;
    const std::string target(url);  // The parser reuses the text's place.
    if (arguments.raw_json().get(json)) return 400;
    if (!call(target, std::string(json))) status = 502;
  }
  return status;
}

int serve(int port) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // Before any thread starts: all inherit it.

  // The suite looks at headers only: spans are recorded and go nowhere.
  const auto telemetry =
      nanospan::start({.service_name = "w3c-service", .customize = [](auto& options) { options.processors.clear(); }});
  if (!telemetry) return 2;
  httplib::Server server;
  nanospan::adapters::trace(server);
  server.Post("/test",
              nanospan::adapters::route("/test", [](const httplib::Request& request, httplib::Response& response) {
                response.status = call_all(request.body);
                response.set_content("null", "application/json");
              }));
  if (port == 0)
    port = server.bind_to_any_port("127.0.0.1");
  else if (!server.bind_to_port("127.0.0.1", port))
    port = -1;
  if (port <= 0) return 1;
  std::printf("listening on http://127.0.0.1:%d/test\n", port);
  std::fflush(stdout);
  std::thread stopper([&server, &ends] {
    int signal = 0;
    sigwait(&ends, &signal);
    server.stop();
  });
  const bool served = server.listen_after_bind();
  if (!served) std::raise(SIGTERM);
  stopper.join();
  return served ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  int port = 5000;
  const std::string_view text = argc > 1 ? argv[1] : "5000";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 0 || port > 65535) return 2;
  return serve(port);
}

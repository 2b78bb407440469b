// The cpp-httplib adapter: a real server and a real client in one process, their spans kept in memory.
#include <nanospan/adapters/httplib.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nanospan/baggage.h>
#include <nanospan/exporters.h>
#include <nanospan/tracer_provider.h>

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace nanospan::adapters {
namespace {

using httplib::Request;
using httplib::Response;

constexpr const char* kTrace = "0af7651916cd43dd8448eb211c80319c";
constexpr const char* kParent = "b7ad6b7169203331";

/// The value of an attribute, or "(none)".
std::string attribute(const SpanRecord& span, std::string_view key) {
  for (const auto& [name, value] : span.attributes) {
    if (name == key) return value;
  }
  return "(none)";
}

class HttplibAdapterTest : public testing::Test {
 protected:
  HttplibAdapterTest() : provider_(make_provider(spans_)) {
    provider_.set_default();
    set_propagator(composite_propagator({trace_context_propagator(), baggage_propagator()}));
  }
  ~HttplibAdapterTest() override { set_propagator(nullptr); }

  static TracerProvider make_provider(const std::shared_ptr<InMemorySpans>& spans) {
    TracerProviderOptions options;
    options.processors.push_back(simple_processor(in_memory_exporter(spans)));
    return std::move(TracerProvider::create(std::move(options))).value();
  }

  /// Serves while `use` runs; afterwards all workers are gone, so that every span has ended.
  std::vector<SpanRecord> spans_while(const std::function<void(TracedClient&)>& use) {
    port_ = server_.bind_to_any_port("127.0.0.1");
    std::thread serving([this] { server_.listen_after_bind(); });
    {
      TracedClient client("http://127.0.0.1:" + std::to_string(port_));
      use(client);
    }
    server_.stop();
    serving.join();
    return spans_->take();
  }

  static std::vector<SpanRecord> of_kind(SpanKind kind, const std::vector<SpanRecord>& spans) {
    std::vector<SpanRecord> found;
    for (const SpanRecord& span : spans) {
      if (span.kind == kind) found.push_back(span);
    }
    return found;
  }
  SpanRecord only_server(const std::vector<SpanRecord>& spans) {
    const std::vector<SpanRecord> found = of_kind(SpanKind::kServer, spans);
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? SpanRecord() : found.front();
  }

  static httplib::Result get(TracedClient& client, const std::string& path, httplib::Headers headers = {}) {
    return client.client().Get(path, headers);  // Not traced: only the server's span is looked at.
  }

  std::shared_ptr<InMemorySpans> spans_ = std::make_shared<InMemorySpans>();
  TracerProvider provider_;
  httplib::Server server_;
  int port_ = 0;
};

void say_hello(const Request&, Response& response) { response.set_content("hello", "text/plain"); }

TEST_F(HttplibAdapterTest, NamesTheSpanByMethodAndRouteAndSetsTheStableAttributes) {
  trace(server_);
  server_.Get(R"(/users/(\d+))", route("/users/{id}", say_hello));
  const SpanRecord span = only_server(spans_while([](TracedClient& client) {
    EXPECT_EQ(get(client, "/users/7?q=1&sig=a", {{"User-Agent", "test/1"}})->status, 200);
  }));
  EXPECT_EQ(span.name, "GET /users/{id}");
  EXPECT_EQ(attribute(span, "http.request.method"), "GET");
  EXPECT_EQ(attribute(span, "http.response.status_code"), "200");
  EXPECT_EQ(attribute(span, "http.route"), "/users/{id}");
  EXPECT_EQ(attribute(span, "url.path"), "/users/7");
  EXPECT_EQ(attribute(span, "url.query"), "q=1&sig=REDACTED");
  EXPECT_EQ(attribute(span, "url.scheme"), "http");
  EXPECT_EQ(attribute(span, "server.address"), "127.0.0.1");
  EXPECT_EQ(attribute(span, "server.port"), std::to_string(port_));
  EXPECT_EQ(attribute(span, "client.address"), "127.0.0.1");
  EXPECT_EQ(attribute(span, "network.peer.address"), "127.0.0.1");
  EXPECT_EQ(attribute(span, "network.protocol.version"), "1.1");
  EXPECT_EQ(attribute(span, "user_agent.original"), "test/1");
  EXPECT_EQ(attribute(span, "error.type"), "(none)");
  EXPECT_EQ(span.status, StatusCode::kUnset);
  EXPECT_EQ(span.scope_name, "nanospan.adapters.httplib");
}

TEST_F(HttplibAdapterTest, BaggageValuesSurviveThatTheLibraryDecodesHeaders) {
  std::map<std::string, std::string> seen;
  trace(server_);
  server_.Get("/", route("/", [&](const Request&, Response&) {
                for (const Baggage::Entry& entry : Baggage::from().entries()) seen[entry.name] = entry.value;
              }));
  spans_while([&](TracedClient& client) {
    get(client, "/",
        {{"baggage", "a=gr%C3%BC%C3%9Fe%20%201=2%25 ;p=1 , b = x%22%5C , c=%0A%09%00,%20d%20=%20e%20"},
         {"baggage", "f="}});
  });
  const std::map<std::string, std::string> expected = {
      {"a", "grüße  1=2%"}, {"b", "x\"\\"}, {"c", std::string("\n\t\0", 3)}, {"d", "e"}, {"f", ""}};
  EXPECT_EQ(seen, expected);
}

TEST_F(HttplibAdapterTest, TheCallersContextIsTheParentAndItsBaggageIsCurrent) {
  std::string tenant;
  trace(server_);
  server_.Get("/", route("/", [&](const Request&, Response&) {
                if (const std::string* value = Baggage::from().get("tenant")) tenant = *value;
                nanospan::tracer("test").start_span("child");
              }));
  const std::vector<SpanRecord> spans = spans_while([](TracedClient& client) {
    const std::string traceparent = std::string("00-") + kTrace + "-" + kParent + "-01";
    get(client, "/",
        {{"Traceparent", traceparent}, {"tracestate", "a=1"}, {"tracestate", "b=2"}, {"baggage", "tenant=42"}});
  });
  const SpanRecord server = only_server(spans);
  EXPECT_EQ(server.context.trace_id().to_hex(), kTrace);
  EXPECT_EQ(server.parent.span_id().to_hex(), kParent);
  EXPECT_EQ(server.context.trace_state().header(), "a=1,b=2");
  EXPECT_EQ(tenant, "42");
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].name, "child");
  EXPECT_EQ(spans[0].parent.span_id(), server.context.span_id());
}

TEST_F(HttplibAdapterTest, NothingStaysCurrentBetweenRequestsOfOneConnection) {
  server_.new_task_queue = [] { return std::make_unique<httplib::ThreadPool>(1).release(); };
  trace(server_);
  server_.Get("/", route("/", say_hello));
  const std::vector<SpanRecord> spans = spans_while([](TracedClient& client) {
    client.client().set_keep_alive(true);
    get(client, "/", {{"traceparent", std::string("00-") + kTrace + "-" + kParent + "-01"}});
    get(client, "/");
  });
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].context.trace_id().to_hex(), kTrace);
  EXPECT_NE(spans[1].context.trace_id().to_hex(), kTrace);
  EXPECT_FALSE(spans[1].parent.is_valid());
}

TEST_F(HttplibAdapterTest, OnlyServerErrorsAreErrorsOfTheServer) {
  trace(server_);
  server_.Get("/bad", route("/bad", [](const Request&, Response& response) { response.status = 400; }));
  server_.Get("/down", route("/down", [](const Request&, Response& response) { response.status = 503; }));
  const std::vector<SpanRecord> spans = spans_while([](TracedClient& client) {
    get(client, "/bad");
    get(client, "/nowhere");
    get(client, "/down");
  });
  // Connections end their spans on threads of their own: by path, not in order.
  std::map<std::string, SpanRecord> by_path;
  for (const SpanRecord& span : spans) by_path[attribute(span, "url.path")] = span;
  ASSERT_EQ(by_path.size(), 3U);
  EXPECT_EQ(by_path["/bad"].status, StatusCode::kUnset);
  EXPECT_EQ(by_path["/nowhere"].name, "GET");
  EXPECT_EQ(attribute(by_path["/nowhere"], "http.route"), "(none)");
  EXPECT_EQ(attribute(by_path["/nowhere"], "http.response.status_code"), "404");
  EXPECT_EQ(by_path["/nowhere"].status, StatusCode::kUnset);
  EXPECT_EQ(by_path["/down"].status, StatusCode::kError);
  EXPECT_EQ(attribute(by_path["/down"], "error.type"), "503");
}

TEST_F(HttplibAdapterTest, AnExceptionIsRecordedAndStillReachesTheServer) {
  trace(server_);
  server_.Get("/", route("/", [](const Request&, Response&) { throw std::runtime_error("no stock"); }));
  const SpanRecord span =
      only_server(spans_while([](TracedClient& client) { EXPECT_EQ(get(client, "/")->status, 500); }));
  EXPECT_THAT(span.event_names, testing::ElementsAre("exception"));
  EXPECT_EQ(span.status, StatusCode::kError);
  EXPECT_EQ(span.status_description, "no stock");
  EXPECT_EQ(attribute(span, "error.type"), "std::runtime_error");
  EXPECT_EQ(attribute(span, "http.response.status_code"), "500");
}

TEST_F(HttplibAdapterTest, WhatIsThrownMayBeNoException) {
  trace(server_);
  server_.Get("/", route("/", [](const Request&, Response&) { throw 7; }));
  const SpanRecord span =
      only_server(spans_while([](TracedClient& client) { EXPECT_EQ(get(client, "/")->status, 500); }));
  EXPECT_THAT(span.event_names, testing::IsEmpty()) << "nothing is known of it";
  EXPECT_EQ(span.status, StatusCode::kError);
  EXPECT_EQ(span.status_description, "the handler threw something that is no std::exception");
  EXPECT_EQ(attribute(span, "error.type"), "_OTHER");
  EXPECT_EQ(attribute(span, "http.response.status_code"), "500");
}

TEST_F(HttplibAdapterTest, TheUsersOwnHooksStillRun) {
  int logged = 0;
  trace(server_, {.pre_routing =
                      [](const Request&, Response& response) {
                        response.status = 403;
                        return httplib::Server::HandlerResponse::Handled;
                      },
                  .logger = [&](const Request&, const Response&) { ++logged; }});
  server_.Get("/", route("/", say_hello));
  const SpanRecord span =
      only_server(spans_while([](TracedClient& client) { EXPECT_EQ(get(client, "/")->status, 403); }));
  EXPECT_EQ(span.name, "GET");
  EXPECT_EQ(logged, 1);
}

TEST_F(HttplibAdapterTest, TheClientInjectsItsSpan) {
  trace(server_);
  server_.Put("/things/1", route("/things/{id}", say_hello));
  const std::vector<SpanRecord> spans = spans_while([&](TracedClient& client) {
    Request request;
    request.method = "PUT";
    request.path = "/things/1?x=1";
    request.set_header("traceparent", "is replaced");
    EXPECT_EQ(client.send(request, "/things/{id}")->status, 200);
  });
  const std::vector<SpanRecord> clients = of_kind(SpanKind::kClient, spans);
  ASSERT_EQ(clients.size(), 1U);
  EXPECT_EQ(clients[0].name, "PUT /things/{id}");
  EXPECT_EQ(attribute(clients[0], "http.request.method"), "PUT");
  EXPECT_EQ(attribute(clients[0], "server.address"), "127.0.0.1");
  EXPECT_EQ(attribute(clients[0], "server.port"), std::to_string(port_));
  EXPECT_EQ(attribute(clients[0], "url.full"), "http://127.0.0.1:" + std::to_string(port_) + "/things/1?x=1");
  EXPECT_EQ(attribute(clients[0], "http.response.status_code"), "200");
  EXPECT_EQ(attribute(clients[0], "network.protocol.version"), "1.1");
  EXPECT_EQ(clients[0].status, StatusCode::kUnset);
  const SpanRecord server = only_server(spans);
  EXPECT_EQ(server.context.trace_id(), clients[0].context.trace_id());
  EXPECT_EQ(server.parent.span_id(), clients[0].context.span_id());
}

TEST_F(HttplibAdapterTest, ClientErrorsAndBrokenConnectionsAreErrorsOfTheClient) {
  const std::vector<SpanRecord> spans = spans_while([](TracedClient& client) {
    Request request;
    request.method = "GET";
    request.path = "/nowhere";
    EXPECT_EQ(client.send(request)->status, 404);
    TracedClient nobody("http://127.0.0.1:1");
    EXPECT_FALSE(nobody.send(request));
  });
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].name, "GET");
  EXPECT_EQ(spans[0].status, StatusCode::kError);
  EXPECT_EQ(attribute(spans[0], "error.type"), "404");
  EXPECT_EQ(spans[1].status, StatusCode::kError);
  EXPECT_EQ(attribute(spans[1], "error.type"), "Connection");
  EXPECT_EQ(attribute(spans[1], "server.port"), "1");
}

TEST_F(HttplibAdapterTest, UnknownMethodsDoNotMakeNames) {
  const std::vector<SpanRecord> spans = spans_while([](TracedClient& client) {
    Request request;
    request.method = "BREW";
    request.path = "/";
    client.send(request, "/");
  });
  ASSERT_EQ(spans.size(), 1U);
  EXPECT_EQ(spans[0].name, "HTTP /");
  EXPECT_EQ(attribute(spans[0], "http.request.method"), "_OTHER");
  EXPECT_EQ(attribute(spans[0], "http.request.method_original"), "BREW");
}

TEST_F(HttplibAdapterTest, ARouteOnAServerThatIsNotTracedOnlyAnswers) {
  server_.Get("/", route("/", say_hello));
  EXPECT_TRUE(spans_while([](TracedClient& client) { EXPECT_EQ(get(client, "/")->body, "hello"); }).empty());
}

TEST(HttplibAuthorityTest, HostsAndPorts) {
  using detail_httplib::split_authority;
  EXPECT_EQ(split_authority("shop.example").host, "shop.example");
  EXPECT_EQ(split_authority("shop.example").port, 0);
  EXPECT_EQ(split_authority("shop.example:81").port, 81);
  EXPECT_EQ(split_authority("[::1]:8080").host, "::1");
  EXPECT_EQ(split_authority("[::1]:8080").port, 8080);
  EXPECT_EQ(split_authority("[::1]").host, "::1");
  EXPECT_EQ(split_authority("h:99999").port, 0);
  EXPECT_EQ(split_authority("").host, "");
}

TEST(HttplibQueryTest, SecretsOfKnownNamesAreRedacted) {
  using detail_httplib::redact_query;
  EXPECT_EQ(redact_query(""), "");
  EXPECT_EQ(redact_query("a=1&b=2"), "a=1&b=2");
  EXPECT_EQ(redact_query("Signature=x&a&sig=&X-Goog-Signature=y=z&"),
            "Signature=REDACTED&a&sig=REDACTED&X-Goog-Signature=REDACTED&");
  EXPECT_EQ(redact_query("sig"), "sig");
}

}  // namespace
}  // namespace nanospan::adapters

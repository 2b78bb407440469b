// gateway_load: what one core of a gateway moves. In one process, on a core of its own, a sink that the gateway sends
// to and closed-loop senders that the gateway is loaded by; the gateway's CPU time is read from the kernel.
//
//   gateway_load --protocol grpc|http --to HOST:PORT --sink-port N --pid PID
//                [--connections 4] [--in-flight 4] [--spans 1000] [--seconds 5]
//
// Requests are of about 800 bytes a span, all different in their values. Prints one line of JSON: spans acknowledged,
// spans that the sink got, spans per CPU-second of the gateway, acknowledgement latency. One thread, one loop.
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "net/event_loop.h"
#include "net/grpc_client.h"
#include "net/grpc_server.h"
#include "net/http1_client.h"
#include "net/http1_server.h"
#include "net/http2_server.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::bench {
namespace {

namespace otlp = wire::otlp;

constexpr std::size_t kBodyBytesMax = 64U << 20;
constexpr std::string_view kGrpcPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

struct Options {
  std::string protocol = "grpc";
  std::string to = "127.0.0.1:4317";
  std::uint16_t sink_port = 24317;
  int pid = 0;
  std::size_t connections = 4;
  std::size_t in_flight = 4;  // on each connection, over gRPC; over HTTP/1.1 there are as many connections in all
  std::size_t spans = 1000;
  std::uint64_t seconds = 5;
};

// --- what is sent ---

std::string text(std::mt19937_64& random, std::size_t size) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-/._";
  std::string out(size, ' ');
  for (char& c : out) c = kLetters[random() % kLetters.size()];
  return out;
}

void add_attribute(std::string& span, std::string_view key, std::string_view value) {
  std::string any, pair;
  wire::Appender(any).bytes_field(otlp::AnyValue::kStringValue, value);
  wire::Appender(pair).bytes_field(otlp::KeyValue::kKey, key);
  wire::Appender(pair).bytes_field(otlp::KeyValue::kValue, any);
  wire::Appender(span).bytes_field(otlp::Span::kAttributes, pair);
}

std::string make_request(std::size_t spans, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string scope, resource, request;
  for (std::size_t i = 0; i < spans; ++i) {
    std::string span;
    wire::Appender to(span);
    to.bytes_field(otlp::Span::kTraceId, text(random, 16));
    to.bytes_field(otlp::Span::kSpanId, text(random, 8));
    to.bytes_field(otlp::Span::kParentSpanId, text(random, 8));
    to.bytes_field(otlp::Span::kName, "GET /api/v1/orders/{id}");
    to.fixed64_field(otlp::Span::kStartTimeUnixNano, 1'700'000'000'000'000'000 + random() % 1'000'000'000);
    to.fixed64_field(otlp::Span::kEndTimeUnixNano, 1'700'000'001'000'000'000 + random() % 1'000'000'000);
    for (const std::string_view key : {"http.request.method", "url.path", "url.query", "server.address",
                                       "user_agent.original", "network.peer.address", "http.route", "enduser.id",
                                       "db.query.text", "thread.name", "code.function.name", "session.id"}) {
      add_attribute(span, key, text(random, 16 + random() % 32));
    }
    wire::Appender(scope).bytes_field(otlp::ScopeSpans::kSpans, span);
  }
  wire::Appender(resource).bytes_field(otlp::ResourceSpans::kScopeSpans, scope);
  wire::Appender(request).bytes_field(otlp::ExportTraceServiceRequest::kResourceSpans, resource);
  return request;
}

// --- where it ends ---

/// Takes everything and looks at nothing: the work that is measured is the gateway's.
class Sink final : public net::GrpcService, public net::Http1Handler {
 public:
  Decision on_call(const net::MessageHead&) override { return {{}, kBodyBytesMax, nullptr}; }
  void on_message(net::Request request, net::GrpcResponder responder) override {
    bytes += request.body.size();
    ++requests;
    responder.succeed("");
  }
  net::Admission on_headers(const net::MessageHead&) override { return net::Admission::accept(kBodyBytesMax); }
  void on_request(net::Request request, net::Responder responder) override {
    bytes += request.body.size();
    ++requests;
    responder.respond({200, {{"Content-Type", "application/x-protobuf"}}, "", false});
  }
  std::uint64_t bytes = 0;
  std::uint64_t requests = 0;
};

// --- the senders ---

double cpu_seconds_of(int pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

class Load {
 public:
  Load(const Options& options, net::EventLoop& loop) : options_(options), loop_(loop), clock_(loop.clock()) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) requests_.push_back(make_request(options.spans, seed));
  }

  bool run() {
    const Result<net::Url> url = net::parse_url("http://" + options_.to);
    if (!url) return false;
    for (std::size_t i = 0; i < options_.connections; ++i) open(*url);
    const base::MonotonicNanos begin = clock_.monotonic_now() + base::kNanosPerSecond;  // warm
    turn_until(begin);
    acknowledged_ = failed_ = 0;
    latencies_.clear();
    const double cpu_before = cpu_seconds_of(options_.pid);
    const base::MonotonicNanos start = clock_.monotonic_now();
    turn_until(start + options_.seconds * base::kNanosPerSecond);
    const double cpu = cpu_seconds_of(options_.pid) - cpu_before;
    report(cpu, static_cast<double>(clock_.monotonic_now() - start) * 1e-9);
    stopping_ = true;
    grpc_.clear();
    http_.clear();
    return failed_ == 0;
  }

 private:
  void open(const net::Url& url) {
    if (options_.protocol == "grpc") {
      net::GrpcClientOptions client;
      client.origin = url;
      grpc_.push_back(net::GrpcClient::create(loop_, std::move(client)).value());
      for (std::size_t i = 0; i < options_.in_flight; ++i) send(*grpc_.back());
      return;
    }
    net::Http1ClientOptions client;
    client.origin = url;
    client.connections_max = options_.in_flight;
    http_.push_back(net::Http1Client::create(loop_, std::move(client)).value());
    for (std::size_t i = 0; i < options_.in_flight; ++i) send(*http_.back());
  }
  void turn_until(base::MonotonicNanos at) {
    while (clock_.monotonic_now() < at) loop_.run_once({at});
  }
  void send(net::GrpcClient& client) {
    net::GrpcRequest request;
    request.path = kGrpcPath;
    request.message = {next()};
    request.owner = std::shared_ptr<const void>(std::shared_ptr<void>(), this);
    const base::MonotonicNanos begun = clock_.monotonic_now();
    client.call(std::move(request), [this, &client, begun](const net::GrpcReply& reply) {
      done(begun, reply.answered && reply.status.code == net::GrpcCode::kOk, reply.status.message);
      if (!stopping_) send(client);
    });
  }
  void send(net::Http1Client& client) {
    net::HttpRequest request;
    request.target = "/v1/traces";
    request.headers = {{"Content-Type", "application/x-protobuf"}};
    request.body = {next()};
    const base::MonotonicNanos begun = clock_.monotonic_now();
    client.send(std::move(request), [this, &client, begun](const net::HttpResult& result) {
      done(begun, result.ok() && result.response.status == 200, result.error.error.message);
      if (!stopping_) send(client);
    });
  }
  void done(base::MonotonicNanos begun, bool ok, const std::string& why) {
    latencies_.push_back(clock_.monotonic_now() - begun);
    if (ok) {
      ++acknowledged_;
    } else if (failed_++ == 0) {
      std::fprintf(stderr, "gateway_load: %s\n", why.c_str());
    }
  }
  std::string_view next() { return requests_[turn_++ % requests_.size()]; }

  void report(double cpu, double seconds) {
    std::sort(latencies_.begin(), latencies_.end());
    const auto millis = [&](double share) {
      if (latencies_.empty()) return 0.0;
      return static_cast<double>(
                 latencies_[static_cast<std::size_t>(share * static_cast<double>(latencies_.size() - 1))]) *
             1e-6;
    };
    const double spans = static_cast<double>(acknowledged_ * options_.spans);
    std::printf(
        "{\"protocol\":\"%s\",\"spans\":%.0f,\"failed\":%llu,\"bytes_per_span\":%zu,\"seconds\":%.2f,\"spans_per_"
        "second\":%.0f,"
        "\"gateway_cpu_seconds\":%.3f,\"spans_per_cpu_second\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f}\n",
        options_.protocol.c_str(), spans, static_cast<unsigned long long>(failed_),
        requests_[0].size() / options_.spans, seconds, spans / seconds, cpu, cpu > 0 ? spans / cpu : 0, millis(0.5),
        millis(0.99));
  }

  const Options options_;
  net::EventLoop& loop_;
  const base::Clock& clock_;
  std::vector<std::string> requests_;
  std::vector<std::unique_ptr<net::GrpcClient>> grpc_;
  std::vector<std::unique_ptr<net::Http1Client>> http_;
  std::size_t turn_ = 0;
  std::uint64_t acknowledged_ = 0, failed_ = 0;
  std::vector<std::uint64_t> latencies_;
  bool stopping_ = false;
};

bool read_options(int count, char** words, Options& out) {
  const auto number = [](std::string_view word, auto& value) {
    return std::from_chars(word.data(), word.data() + word.size(), value).ec == std::errc();
  };
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = words[i], value = words[i + 1];
    const bool known = name == "--protocol"      ? (out.protocol = value, value == "grpc" || value == "http")
                       : name == "--to"          ? (out.to = value, true)
                       : name == "--sink-port"   ? number(value, out.sink_port)
                       : name == "--pid"         ? number(value, out.pid)
                       : name == "--connections" ? number(value, out.connections)
                       : name == "--in-flight"   ? number(value, out.in_flight)
                       : name == "--spans"       ? number(value, out.spans)
                       : name == "--seconds"     ? number(value, out.seconds)
                                                 : false;
    if (!known) return false;
  }
  return count % 2 == 1;
}

int run(int count, char** words) {
  Options options;
  if (!read_options(count, words, options)) {
    std::fprintf(stderr, "usage: see the head of bench/gateway_load.cc\n");
    return 2;
  }
  auto loop = net::EventLoop::create().value();
  const auto sink = std::make_shared<Sink>();
  net::Http1ServerOptions server_options;
  server_options.port = options.sink_port;
  server_options.http2 = net::http2_server_protocol();
  auto handler = std::make_shared<net::GrpcHandler>(sink, std::vector<std::string>{"gzip", "zstd", "snappy"}, sink);
  auto server = net::Http1Server::start({loop.get()}, std::move(server_options), std::move(handler));
  if (!server) {
    std::fprintf(stderr, "gateway_load: %s\n", server.error().message.c_str());
    return 1;
  }
  return Load(options, *loop).run() ? 0 : 1;
}

}  // namespace
}  // namespace nanospan::bench

int main(int count, char** words) { return nanospan::bench::run(count, words); }

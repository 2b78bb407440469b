// cluster_load: a thousand services, each with a resource and connections of its own, that send their spans to a tier
// of gateways by round robin; and what is behind that tier, which notes every single span.
//
//   cluster_load --endpoints FILE --sink-port N [--instances 1000] [--rate 1] [--spans 20] [--seconds 30]
//
// FILE lists the gateways, "address:port" a line, and is read again five times a second: it is what a resolver tells.
// Each instance sends `rate` requests a second (OTLP/HTTP) to the next gateway of the list. A request that got no
// answer or a retryable one goes to the one after, the same bytes, until somebody has acknowledged it or 10 s are over.
// At the end each acknowledged span must have arrived at the sink: one that has not is lost. Prints one line of JSON.
// The senders share one thread and loop; the sink has another.
#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/histogram.h"
#include "net/event_loop.h"
#include "net/http1_client.h"
#include "net/http_server.h"
#include "net/loop_threads.h"
#include "wire/otlp_fields.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nanospan::bench {
namespace {

namespace otlp = wire::otlp;

constexpr std::size_t kSpansMax = 64;  // of a request: their bits fit a word
constexpr std::uint64_t kGiveUpNanos = 10 * base::kNanosPerSecond;
constexpr std::uint64_t kPauseNanos = 50 * base::kNanosPerMilli;  // before the next try
constexpr std::uint64_t kLookNanos = 200 * base::kNanosPerMilli;

struct Options {
  std::string endpoints;
  std::uint16_t sink_port = 0;
  std::size_t instances = 1000;
  double rate = 1;
  std::size_t spans = 20;
  double seconds = 30;
};

/// Which spans there are: a bit each. Request `sequence` of an instance is one word.
class SpanSet {
 public:
  SpanSet(std::size_t instances, std::size_t requests) : requests_(requests), words_(instances * requests) {}
  std::uint64_t& at(std::size_t instance, std::size_t sequence) { return words_[instance * requests_ + sequence]; }
  std::size_t requests() const { return requests_; }
  std::size_t instances() const { return words_.size() / requests_; }
  const std::vector<std::uint64_t>& words() const { return words_; }

 private:
  std::size_t requests_;
  std::vector<std::uint64_t> words_;
};

/// A span's id says whose it is, and which.
struct SpanName {
  std::uint32_t instance = 0;
  std::uint32_t sequence = 0;  // of the request, << 8 | number in it
};

std::string make_span(std::size_t instance, std::size_t sequence, std::size_t number, base::UnixNanos now) {
  const SpanName name{static_cast<std::uint32_t>(instance) + 1, static_cast<std::uint32_t>(sequence << 8 | number)};
  std::string id(sizeof name, '\0');
  std::memcpy(id.data(), &name, sizeof name);
  std::string span, any, pair;
  wire::Appender to(span);
  to.bytes_field(otlp::Span::kTraceId, id + id);
  to.bytes_field(otlp::Span::kSpanId, id);
  to.bytes_field(otlp::Span::kName, "GET /api/v1/orders/{id}");
  to.fixed64_field(otlp::Span::kStartTimeUnixNano, now - 1'000'000);
  to.fixed64_field(otlp::Span::kEndTimeUnixNano, now);
  wire::Appender(any).bytes_field(otlp::AnyValue::kStringValue, "/api/v1/orders/" + std::to_string(sequence));
  wire::Appender(pair).bytes_field(otlp::KeyValue::kKey, "url.path");
  wire::Appender(pair).bytes_field(otlp::KeyValue::kValue, any);
  to.bytes_field(otlp::Span::kAttributes, pair);
  return span;
}

std::string make_resource(std::size_t instance) {
  std::string resource;
  const auto add = [&resource](std::string_view key, const std::string& value) {
    std::string any, pair;
    wire::Appender(any).bytes_field(otlp::AnyValue::kStringValue, value);
    wire::Appender(pair).bytes_field(otlp::KeyValue::kKey, key);
    wire::Appender(pair).bytes_field(otlp::KeyValue::kValue, any);
    wire::Appender(resource).bytes_field(otlp::Resource::kAttributes, pair);
  };
  add("service.name", "service-" + std::to_string(instance % 50));
  add("service.instance.id", "instance-" + std::to_string(instance));
  add("host.name", "node-" + std::to_string(instance % 100));
  return resource;
}

std::string make_request(std::size_t instance, std::size_t sequence, std::size_t spans, base::UnixNanos now) {
  std::string scope, resource, request;
  for (std::size_t i = 0; i < spans; ++i) {
    wire::Appender(scope).bytes_field(otlp::ScopeSpans::kSpans, make_span(instance, sequence, i, now));
  }
  wire::Appender(resource).bytes_field(otlp::ResourceSpans::kResource, make_resource(instance));
  wire::Appender(resource).bytes_field(otlp::ResourceSpans::kScopeSpans, scope);
  wire::Appender(request).bytes_field(otlp::ExportTraceServiceRequest::kResourceSpans, resource);
  return request;
}

/// What is behind the gateways. On its loop's thread; looked at when that has ended.
class Sink final : public net::HttpHandler {
 public:
  Sink(std::size_t instances, std::size_t requests) : received(instances, requests) {}

  net::Admission on_headers(const net::MessageHead&) override { return net::Admission::accept(64U << 20); }
  void on_request(net::Request request, net::Responder responder) override {
    for (wire::Reader body(request.body.view()); body.next();) {
      for (wire::Reader resource = body.message(); resource.next();) {
        if (resource.field() != otlp::ResourceSpans::kScopeSpans) continue;
        for (wire::Reader scope = resource.message(); scope.next();) {
          if (scope.field() == otlp::ScopeSpans::kSpans) note(scope.message());
        }
      }
    }
    responder.respond({200, {{"Content-Type", "application/x-protobuf"}}, "", false});
  }

  SpanSet received;
  std::uint64_t spans = 0, duplicates = 0, unknown = 0;

 private:
  void note(wire::Reader span) {
    while (span.next()) {
      if (span.field() != otlp::Span::kSpanId) continue;
      SpanName name;
      const std::string_view id = span.bytes();
      if (id.size() == sizeof name) std::memcpy(&name, id.data(), sizeof name);
      const std::size_t sequence = name.sequence >> 8, number = name.sequence & 0xff;
      if (name.instance == 0 || name.instance > received.instances() || sequence >= received.requests() ||
          number >= kSpansMax) {
        ++unknown;
        return;
      }
      std::uint64_t& word = received.at(name.instance - 1, sequence);
      const std::uint64_t bit = std::uint64_t{1} << number;
      ++spans;
      duplicates += (word & bit) != 0 ? 1 : 0;
      word |= bit;
      return;
    }
  }
};

class Cluster {
 public:
  Cluster(const Options& options, net::EventLoop& loop, std::size_t requests)
      : options_(options),
        loop_(loop),
        clock_(loop.clock()),
        acknowledged(options.instances, requests),
        instances_(options.instances),
        timer_(loop, [this] { turn(); }) {}

  bool run() {
    look();
    if (endpoints_.empty()) return false;
    start_ = clock_.monotonic_now();
    end_ = start_ + static_cast<std::uint64_t>(options_.seconds * 1e9);
    turn();
    while (clock_.monotonic_now() < end_ || under_way_ != 0) loop_.run_once({clock_.monotonic_now() + kLookNanos});
    timer_.cancel();
    for (Instance& instance : instances_) instance.clients.clear();
    return true;
  }

  void print(const Sink& sink) const {
    std::uint64_t acked = 0, lost = 0;
    for (std::size_t i = 0; i < acknowledged.words().size(); ++i) {
      acked += static_cast<std::uint64_t>(std::popcount(acknowledged.words()[i]));
      lost += static_cast<std::uint64_t>(std::popcount(acknowledged.words()[i] & ~sink.received.words()[i]));
    }
    std::string seconds;
    for (const auto& [endpoint, counts] : acknowledged_by_) {
      seconds += std::string(seconds.empty() ? "\"" : ",\"") + endpoint + "\":[";
      for (const std::uint64_t count : counts) seconds += (seconds.back() == '[' ? "" : ",") + std::to_string(count);
      seconds += ']';
    }
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf(
        "{\"instances\":%zu,\"spans_sent\":%llu,\"spans_acknowledged\":%llu,\"spans_given_up\":%llu,"
        "\"spans_received\":%llu,\"spans_lost\":%llu,\"spans_duplicated\":%llu,\"spans_unknown\":%llu,\"tries_again\":"
        "%llu,\"ack_p50_ms\":%.2f,\"ack_p99_ms\":%.2f,\"ack_max_ms\":%.2f,\"acknowledged_each_second\":{%s}}\n",
        options_.instances, number(sent_), number(acked), number(given_up_), number(sink.spans), number(lost),
        number(sink.duplicates), number(sink.unknown), number(retries_), millis(latency_.at(0.5)),
        millis(latency_.at(0.99)), millis(latency_.max()), seconds.c_str());
  }

 private:
  struct Instance {
    std::map<std::string, std::unique_ptr<net::Http1Client>> clients;  // one connection to each gateway
    std::size_t turn = 0;
    std::size_t sequence = 0;
  };
  struct Batch {
    std::size_t instance = 0;
    std::size_t sequence = 0;
    std::string bytes;
    base::MonotonicNanos begun = 0;
  };

  static double millis(std::uint64_t nanos) { return static_cast<double>(nanos) / 1e6; }

  /// Reads the list of gateways; a file that is being written is read the next time.
  void look() {
    std::ifstream file(options_.endpoints);
    std::vector<std::string> found;
    for (std::string line; std::getline(file, line);) {
      if (line.find(':') != std::string::npos) found.push_back(line);
    }
    if (!found.empty()) endpoints_ = std::move(found);
    looked_ = clock_.monotonic_now();
  }

  /// Requests are due at equal distances over all instances, in turn.
  void turn() {
    const base::MonotonicNanos now = clock_.monotonic_now();
    if (now >= looked_ + kLookNanos) look();
    const double gap = 1e9 / options_.rate / static_cast<double>(options_.instances);
    for (;; ++due_) {
      const base::MonotonicNanos at = start_ + static_cast<std::uint64_t>(static_cast<double>(due_) * gap);
      if (at >= end_) return;
      if (at > now) return timer_.arm(at);
      begin(due_ % options_.instances);
    }
  }

  void begin(std::size_t instance) {
    Instance& who = instances_[instance];
    if (who.sequence >= acknowledged.requests()) return;
    auto batch = std::make_shared<Batch>();
    batch->instance = instance;
    batch->sequence = who.sequence++;
    batch->bytes = make_request(instance, batch->sequence, options_.spans, clock_.unix_now());
    batch->begun = clock_.monotonic_now();
    sent_ += options_.spans;
    ++under_way_;
    // The instances begin at different gateways, as their round robins do.
    if (batch->sequence == 0) who.turn = instance;
    send(std::move(batch));
  }

  void send(std::shared_ptr<Batch> batch) {
    Instance& who = instances_[batch->instance];
    const std::string& endpoint = endpoints_[who.turn++ % endpoints_.size()];
    auto& client = who.clients[endpoint];
    if (!client) {
      net::Http1ClientOptions options;
      options.origin = net::parse_url("http://" + endpoint).value();
      options.connections_max = 1;
      client = net::Http1Client::create(loop_, std::move(options)).value();
    }
    net::HttpRequest request;
    request.target = "/v1/traces";
    request.headers = {{"Content-Type", "application/x-protobuf"}};
    request.body = {batch->bytes};
    request.body_owner = batch;
    request.deadline = base::Deadline::after(clock_, kGiveUpNanos);
    client->send(std::move(request), [this, batch, endpoint](const net::HttpResult& result) {
      done(batch, endpoint, result.ok() ? result.response.status : 0);
    });
  }

  void done(const std::shared_ptr<Batch>& batch, const std::string& endpoint, int status) {
    const base::MonotonicNanos now = clock_.monotonic_now();
    if (status == 200) {
      acknowledged.at(batch->instance, batch->sequence) = ~std::uint64_t{0} >> (64 - options_.spans);
      latency_.add(now - batch->begun);
      auto& counts = acknowledged_by_[endpoint];
      const std::size_t second = (now - start_) / base::kNanosPerSecond;
      counts.resize(std::max(counts.size(), second + 1));
      counts[second] += options_.spans;
      --under_way_;
      return;
    }
    if (now - batch->begun > kGiveUpNanos) {
      given_up_ += options_.spans;
      --under_way_;
      return;
    }
    ++retries_;
    auto pause = std::make_shared<std::unique_ptr<net::Timer>>();
    *pause = std::make_unique<net::Timer>(loop_, [this, batch, pause] {
      const std::shared_ptr<Batch> again = batch;
      loop_.post([pause] { pause->reset(); });  // not from within itself
      send(again);
    });
    (*pause)->arm(now + kPauseNanos);
  }

  const Options& options_;
  net::EventLoop& loop_;
  const base::Clock& clock_;
  SpanSet acknowledged;
  std::vector<Instance> instances_;
  std::vector<std::string> endpoints_;
  base::MonotonicNanos start_ = 0, end_ = 0, looked_ = 0;
  std::uint64_t due_ = 0, sent_ = 0, given_up_ = 0, retries_ = 0;
  std::size_t under_way_ = 0;
  std::map<std::string, std::vector<std::uint64_t>> acknowledged_by_;
  Histogram latency_;
  net::Timer timer_;
};

bool read_options(int count, char** words, Options& out) {
  const auto number = [](std::string_view word, auto& value) {
    return std::from_chars(word.data(), word.data() + word.size(), value).ec == std::errc() && value > 0;
  };
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = words[i], value = words[i + 1];
    const bool known = name == "--endpoints"   ? (out.endpoints = value, true)
                       : name == "--sink-port" ? number(value, out.sink_port)
                       : name == "--instances" ? number(value, out.instances)
                       : name == "--rate"      ? number(value, out.rate)
                       : name == "--spans"     ? number(value, out.spans) && out.spans <= kSpansMax
                       : name == "--seconds"   ? number(value, out.seconds)
                                               : false;
    if (!known) return false;
  }
  return count % 2 == 1 && !out.endpoints.empty() && out.sink_port != 0;
}

/// Thousands of connections need descriptors.
void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(int count, char** words) {
  Options options;
  if (!read_options(count, words, options)) {
    std::fprintf(stderr, "usage: see the head of bench/cluster_load.cc\n");
    return 2;
  }
  raise_descriptor_limit();
  const auto requests = static_cast<std::size_t>(options.seconds * options.rate) + 2;
  auto threads = net::LoopThreads::start(1, "sink").value();
  const auto sink = std::make_shared<Sink>(options.instances, requests);
  net::HttpServerOptions server_options;
  server_options.port = options.sink_port;
  auto server = net::HttpServer::start(threads->loops(), std::move(server_options), sink);
  if (!server) {
    std::fprintf(stderr, "cluster_load: %s\n", server.error().message.c_str());
    return 1;
  }
  auto loop = net::EventLoop::create().value();
  Cluster cluster(options, *loop, requests);
  if (!cluster.run()) {
    std::fprintf(stderr, "cluster_load: %s lists no gateway\n", options.endpoints.c_str());
    return 1;
  }
  server->reset();
  threads->stop();
  cluster.print(*sink);
  return 0;
}

}  // namespace
}  // namespace nanospan::bench

int main(int count, char** words) { return nanospan::bench::run(count, words); }

// One connection or many, one request at a time or a hundred: HTTP/1.1 against HTTP/2, the receiver 5 ms away.
#include <algorithm>
#include <mutex>

#include "bench/experiments/experiments.h"
#include "net/event_loop.h"
#include "net/grpc_client.h"
#include "net/http1_client.h"

namespace nanospan::bench {
namespace {

constexpr std::uint32_t kAwayMillis = 5;
constexpr std::size_t kSpans = 128;
constexpr std::string_view kGrpcPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// Keeps the bytes of the first batch of kSpans.
class Capture final : public SpanExporter {
 public:
  explicit Capture(std::string& bytes) : bytes_(bytes) {}
  ExportResult export_spans(const SpanBatch& batch) override {
    if (!bytes_.empty() || batch.span_count() != kSpans) return {};
    for (const std::span<const std::uint8_t> slice : batch.slices()) {
      bytes_.append(reinterpret_cast<const char*>(slice.data()), slice.size());
    }
    return {};
  }

 private:
  std::string& bytes_;
};

std::string real_request() {
  std::string bytes;
  BatchOptions batches = roomy_batches();
  batches.batch_spans_max = kSpans;
  {
    Pipeline pipeline(std::make_unique<Capture>(bytes), batches, 0, 0);
    for (std::uint64_t i = 0; i < 4 * kSpans; ++i) Ten{}(pipeline.bench(), i);
    require(pipeline.check());
  }
  if (bytes.empty()) fail("no batch of the wanted size was cut");
  return bytes;
}

/// Keeps `in_flight` requests under way on one loop and notes how long each takes.
class ClosedLoop {
 public:
  ClosedLoop(net::EventLoop& loop, std::string_view body) : loop_(loop), body_(body) {}

  void http1(const net::Url& origin, std::size_t connections, double seconds) {
    net::Http1ClientOptions options;
    options.origin = origin;
    options.connections_max = connections;
    const auto client = net::Http1Client::create(loop_, std::move(options)).value();
    run(connections, seconds, [&] { send(*client); });
  }
  void http2(const net::Url& origin, std::size_t streams, double seconds) {
    net::GrpcClientOptions options;
    options.origin = origin;
    options.streams_max = static_cast<std::uint32_t>(streams);
    options.queued_calls_max = streams;
    const auto client = net::GrpcClient::create(loop_, std::move(options)).value();
    run(streams, seconds, [&] { send(*client); });
  }

  void report(Points& points, const std::string& name) {
    std::sort(nanos_.begin(), nanos_.end());
    const auto at = [&](double share) {
      return static_cast<double>(nanos_[static_cast<std::size_t>(share * static_cast<double>(nanos_.size() - 1))]) /
             1e6;
    };
    points.add(name, "requests", static_cast<double>(nanos_.size()) / seconds_, "/s");
    points.add(name, "spans", static_cast<double>(nanos_.size() * kSpans) / seconds_, "spans/s");
    points.add(name, "P50 of a request", at(0.5), "ms");
    points.add(name, "P99 of a request", at(0.99), "ms");
    points.add(name, "CPU of the sender, a request", cpu_ * 1e6 / static_cast<double>(nanos_.size()), "us");
  }
  std::uint64_t answered() const { return answered_; }

 private:
  template <class Send>
  void run(std::size_t in_flight, double seconds, const Send& send) {
    again_ = send;
    for (std::size_t i = 0; i < in_flight; ++i) send();
    turn_for(0.2);  // connections are open and windows known
    nanos_.clear();
    const double cpu = process_cpu_seconds(), start = monotonic_seconds();
    turn_for(seconds);
    seconds_ = monotonic_seconds() - start;
    cpu_ = process_cpu_seconds() - cpu;
    stopping_ = true;
    while (in_flight_ > 0) loop_.run_once({loop_.clock().monotonic_now() + base::kNanosPerSecond});
    if (nanos_.empty()) fail("no request was answered");
  }
  void turn_for(double seconds) {
    const base::MonotonicNanos end = loop_.clock().monotonic_now() + static_cast<std::uint64_t>(seconds * 1e9);
    while (loop_.clock().monotonic_now() < end) loop_.run_once({end});
  }
  void send(net::Http1Client& client) {
    net::HttpRequest request;
    request.target = "/v1/traces";
    request.headers = {{"Content-Type", "application/x-protobuf"}};
    request.body = {body_};
    ++in_flight_;
    client.send(std::move(request), [this, begun = loop_.clock().monotonic_now()](const net::HttpResult& result) {
      done(begun, result.ok() && result.response.status == 200);
    });
  }
  void send(net::GrpcClient& client) {
    net::GrpcRequest request;
    request.path = kGrpcPath;
    request.message = {body_};
    ++in_flight_;
    client.call(std::move(request), [this, begun = loop_.clock().monotonic_now()](const net::GrpcReply& reply) {
      done(begun, reply.answered && reply.status.code == net::GrpcCode::kOk);
    });
  }
  void done(base::MonotonicNanos begun, bool good) {
    if (!good) fail("a request failed");
    --in_flight_;
    ++answered_;
    nanos_.push_back(loop_.clock().monotonic_now() - begun);
    if (!stopping_) again_();
  }

  net::EventLoop& loop_;
  std::string_view body_;
  std::function<void()> again_;
  std::size_t in_flight_ = 0;
  std::uint64_t answered_ = 0;
  bool stopping_ = false;
  double seconds_ = 0, cpu_ = 0;
  std::vector<std::uint64_t> nanos_;
};

}  // namespace

void multiplexing(const Trial& trial) {
  const std::string body = real_request();
  const double seconds = 1.5 * trial.scale;
  const auto measure = [&](const std::string& name, const auto& go) {
    Receiver receiver(1, false, kAwayMillis);
    const net::Url origin = net::parse_url(receiver.base_endpoint()).value();
    pin(0);
    const auto loop = net::EventLoop::create().value();
    ClosedLoop load(*loop, body);
    go(load, origin);
    if (receiver.counts().spans != load.answered() * kSpans) fail("the receiver does not have what was answered");
    load.report(trial.points, name);
  };
  measure("HTTP/1.1, 1 connection", [&](ClosedLoop& load, const net::Url& origin) { load.http1(origin, 1, seconds); });
  measure("HTTP/1.1, 100 connections",
          [&](ClosedLoop& load, const net::Url& origin) { load.http1(origin, 100, seconds); });
  measure("HTTP/2, 1 connection, 1 stream",
          [&](ClosedLoop& load, const net::Url& origin) { load.http2(origin, 1, seconds); });
  measure("HTTP/2, 1 connection, 100 streams",
          [&](ClosedLoop& load, const net::Url& origin) { load.http2(origin, 100, seconds); });
  trial.points.note(
      "Requests of 128 spans to a receiver that decodes, counts, and answers after 5 ms; each case is closed loop, as "
      "many requests under way as it may have; HTTP/2 is gRPC");
}

}  // namespace nanospan::bench

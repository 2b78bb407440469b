// The strong side of the hook, in a library of its own (nanospan::otlp_grpc), which needs nghttp2. Threads: see
// OtlpTransport.
#include <algorithm>
#include <utility>

#include "export/otlp_grpc/otlp_grpc_answer.h"
#include "export/otlp_grpc/otlp_grpc_hook.h"
#include "net/grpc_client.h"
#include "net/linked_tls.h"

namespace nanospan::exporters {
namespace {

constexpr std::string_view kTracesPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

class OtlpGrpcTransport final : public OtlpTransport {
 public:
  OtlpGrpcTransport(OtlpGrpcConfig config, std::unique_ptr<net::GrpcClient> client)
      : config_(std::move(config)), client_(std::move(client)) {}

  RequestId send(OtlpBody body, std::size_t span_count, base::Deadline deadline, OnAnswer done) override {
    net::GrpcRequest request;
    request.path = kTracesPath;
    request.metadata = config_.headers;
    request.compressed = config_.codec != nullptr;
    request.message = std::move(body.slices);
    request.owner = std::move(body.owner);
    request.deadline = deadline;
    request.repeatable = true;  // OTLP allows duplicates where a connection is lost before the answer
    request.response_bytes_max = config_.response_bytes_max;
    return client_->call(std::move(request), [this, span_count, done = std::move(done)](const net::GrpcReply& reply) {
      done(judge(reply, config_.url, span_count));
    });
  }
  void cancel(RequestId id) override { client_->cancel(id); }
  void cancel_all() override { client_->cancel_all(); }
  void abandon_after_fork() override { client_->abandon_after_fork(); }

 private:
  const OtlpGrpcConfig config_;
  const std::unique_ptr<net::GrpcClient> client_;
};

}  // namespace
}  // namespace nanospan::exporters

bool nanospan_otlp_grpc_r1(const nanospan::exporters::OtlpGrpcConfig& config, nanospan::net::EventLoop& loop,
                           std::unique_ptr<nanospan::exporters::OtlpTransport>& transport, nanospan::Error& error) {
  nanospan::net::GrpcClientOptions options;
  options.origin = config.url;
  constexpr std::uint32_t kStreamsMax = 100;  // of one connection; what servers should allow at least (RFC 9113, 6.5.2)
  const std::uint32_t connections = (config.calls_max + kStreamsMax - 1) / kStreamsMax;
  options.connections_max = connections;
  options.streams_max = (config.calls_max + connections - 1) / connections;
  // All of them wait for the first connection.
  options.queued_calls_max = std::max<std::size_t>(options.queued_calls_max, config.calls_max);
  if (config.round_robin) options.balancing = nanospan::net::GrpcBalancing::kRoundRobin;
  options.proxy = config.proxy;
  if (config.url.https) {
    auto streams = nanospan::net::tls_streams(config.tls, config.url.host, "h2");
    if (!streams) {
      error = streams.error();
      return false;
    }
    options.make_stream = std::move(streams).value();
  }
  auto client = nanospan::net::GrpcClient::create(loop, std::move(options));
  if (!client) {
    error = client.error();
    return false;
  }
  transport = std::make_unique<nanospan::exporters::OtlpGrpcTransport>(config, std::move(client).value());
  return true;
}

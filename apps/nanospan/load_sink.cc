#include "apps/nanospan/load_sink.h"

#include <map>
#include <utility>

#include "gateway/codec/content_coding.h"
#include "net/grpc_server.h"
#include "net/http2_server.h"
#include "net/tls_streams.h"
#include "wire/otlp_fields.h"
#include "wire/reader.h"
#include "wire/validate.h"

namespace nanospan::app {
namespace {

namespace otlp = wire::otlp;

constexpr std::size_t kBodyBytesMax = 256U << 20;

std::uint64_t id_of(wire::Reader span) {
  while (span.next()) {
    if (span.field() == otlp::Span::kSpanId && span.bytes().size() == otlp::kSpanIdBytes) {
      return wire::get_fixed<std::uint64_t>(reinterpret_cast<const std::uint8_t*>(span.bytes().data()));
    }
  }
  return 0;
}

}  // namespace

class LoadSink::Handler final : public net::GrpcService, public net::HttpHandler {
 public:
  explicit Handler(LoadLedger& ledger) : ledger_(ledger) {}

  Decision on_call(const net::MessageHead&) override { return {{}, kBodyBytesMax, nullptr}; }
  void on_message(net::Request request, net::GrpcResponder responder) override {
    const auto name = request.head.headers.find("grpc-encoding");
    const net::Codec* codec = request.compressed && name ? gateway::find_grpc_codec(*name) : nullptr;
    const std::string fault = take(request.body.view(), codec);
    if (fault.empty()) return responder.succeed("");
    responder.fail({net::GrpcCode::kInvalidArgument, fault});
  }

  net::Admission on_headers(const net::MessageHead& head) override {
    if (head.headers.find("content-type").value_or("") != "application/x-protobuf") {
      return net::Admission::answer({415, {}, "this sink takes application/x-protobuf and gRPC", false});
    }
    return net::Admission::accept(kBodyBytesMax);
  }
  void on_request(net::Request request, net::Responder responder) override {
    const std::string_view name = request.head.headers.find("content-encoding").value_or("identity");
    const gateway::ContentCoding* coding = gateway::find_content_coding(name);
    if (coding == nullptr && name != "identity") return responder.respond({415, {}, "unknown content-encoding", false});
    const net::Codec* codec =
        coding == nullptr ? nullptr : &gateway::codec_of_body(*coding->codec, request.body.view());
    const std::string fault = take(request.body.view(), codec);
    if (!fault.empty()) return responder.respond({400, {}, fault, false});
    responder.respond({200, {{"Content-Type", "application/x-protobuf"}}, "", false});
  }

  std::uint64_t requests = 0;
  std::uint64_t invalid = 0;
  std::string first_fault;

 private:
  /// What is wrong with it; empty if nothing is.
  std::string take(std::string_view body, const net::Codec* codec) {
    ++requests;
    net::DecodeBuffer decoded(kBodyBytesMax);
    net::ByteBlock plain;
    if (codec != nullptr) {
      std::unique_ptr<net::Decoder>& decoder = decoders_[codec];
      if (decoder == nullptr) decoder = codec->make_decoder();
      const Result<net::Decoded> done = decoder->decode({&body, 1}, decoded);
      if (!done) return refuse(done.error().message);
      plain = decoded.take();
      body = plain.view();
    }
    const wire::WalkResult walk = wire::validate_traces(body);
    if (!walk.ok()) return refuse(walk.fault.text);
    for (wire::Reader request(body); request.next();) {
      if (request.field() != otlp::ExportTraceServiceRequest::kResourceSpans) continue;
      for (wire::Reader resource = request.message(); resource.next();) {
        if (resource.field() != otlp::ResourceSpans::kScopeSpans) continue;
        for (wire::Reader scope = resource.message(); scope.next();) {
          if (scope.field() == otlp::ScopeSpans::kSpans) ledger_.received(id_of(scope.message()));
        }
      }
    }
    return {};
  }
  std::string refuse(const std::string& why) {
    if (invalid++ == 0) first_fault = why;
    return why;
  }

  LoadLedger& ledger_;
  std::map<const net::Codec*, std::unique_ptr<net::Decoder>> decoders_;
};

Result<std::unique_ptr<LoadSink>> LoadSink::start(net::EventLoop& loop, const LoadSinkOptions& options,
                                                  LoadLedger& ledger) {
  std::unique_ptr<LoadSink> sink(new LoadSink());
  sink->handler_ = std::make_shared<Handler>(ledger);
  net::HttpServerOptions server;
  server.host = options.host;
  server.port = options.port;
  server.http2 = net::http2_server_protocol();
  if (!options.certificate_file.empty()) {
    net::TlsServerOptions tls;
    tls.certificate.file = options.certificate_file;
    tls.key.file = options.key_file;
    tls.protocols = {"h2", "http/1.1"};
    Result<net::StreamFactory> streams = net::tls_server_streams(std::move(tls));
    if (!streams) return streams.error();
    server.make_stream = std::move(*streams);
  }
  auto handler = std::make_shared<net::GrpcHandler>(sink->handler_, gateway::grpc_coding_names(), sink->handler_);
  Result<std::unique_ptr<net::HttpServer>> started =
      net::HttpServer::start({&loop}, std::move(server), std::move(handler));
  if (!started) return started.error();
  sink->server_ = std::move(*started);
  return sink;
}

LoadSink::~LoadSink() = default;

std::uint64_t LoadSink::requests() const { return handler_->requests; }
std::uint64_t LoadSink::invalid() const { return handler_->invalid; }
const std::string& LoadSink::first_fault() const { return handler_->first_fault; }

}  // namespace nanospan::app

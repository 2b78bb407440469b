// The receiver's answers over gRPC: each status, its details, its counter.
#include "gateway/receivers/otlp/otlp_grpc_service.h"

#include <gmock/gmock.h>

#include <future>
#include <mutex>

#include "gateway/receivers/otlp/otlp_intake.h"
#include "gateway/receivers/otlp/otlp_receiver.h"
#include "net/grpc_client.h"
#include "net/gzip.h"
#include "tests/gateway/raw_http.h"
#include "tests/gateway/receivers/otlp/destination.h"
#include "tests/gateway/sample_traces.h"
#include "tests/gateway/test_host.h"
#include "wire/otlp_reply.h"

namespace nanospan::gateway {
namespace {

using net::GrpcCode;
using testing::Destination;
using ::testing::HasSubstr;
using testing::sample_request;

constexpr std::string_view kPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

class OtlpGrpcServiceTest : public ::testing::Test {
 protected:
  OtlpGrpcServiceTest() {
    config_.grpc_enabled = true;
    config_.grpc.port = 0;
    config_.grpc.message_bytes_max = 4096;
  }
  ~OtlpGrpcServiceTest() override {
    client_.reset();
    host_.stop();
  }
  /// One call, from a loop of the test's own.
  net::GrpcReply call(std::string message, net::GrpcRequest request = {}) {
    if (!receiver_) start();
    const auto held = std::make_shared<const std::string>(std::move(message));
    if (request.path.empty()) request.path = kPath;
    request.message = {*held};
    request.owner = held;
    std::optional<net::GrpcReply> reply;
    client_->call(std::move(request), [&reply](net::GrpcReply r) { reply = std::move(r); });
    while (!reply) loop_->run_once(base::Deadline::never());
    return *reply;
  }
  bool counted(const std::string& line) {
    return host_.metrics().render().find("\n" + line + "\n") != std::string::npos;
  }
  bool refused(const std::string& reason, int times = 1) {
    return counted("nanospan_receiver_refused_requests{receiver=\"otlp\",transport=\"grpc\",reason=\"" + reason +
                   "\"} " + std::to_string(times));
  }
  static std::optional<std::uint64_t> retry_delay(const net::GrpcReply& reply) {
    return wire::decode_rpc_status(reply.status.details).value().retry_delay_nanos;
  }

  testing::TestHost host_{64 << 10};
  Destination destination_;
  OtlpReceiverConfig config_;
  std::unique_ptr<OtlpReceiver> receiver_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create().value();
  std::unique_ptr<net::GrpcClient> client_;

 private:
  void start() {
    receiver_ = std::make_unique<OtlpReceiver>(config_, "otlp", host_, destination_);
    ASSERT_TRUE(receiver_->start().ok());
    const std::string text = receiver_->describe();  // "grpc 127.0.0.1:PORT, ..."
    net::GrpcClientOptions options;
    options.origin = net::parse_url("http://" + text.substr(5, text.find(',') - 5)).value();
    client_ = net::GrpcClient::create(*loop_, std::move(options)).value();
  }
};

TEST_F(OtlpGrpcServiceTest, TheMessageIsTakenAsItCame) {
  const std::string request = sample_request(3);
  const net::GrpcReply reply = call(request);
  EXPECT_EQ(reply.status.code, GrpcCode::kOk) << reply.status.message;
  EXPECT_EQ(reply.message, "");
  EXPECT_EQ(destination_.bytes(), request);
  EXPECT_TRUE(counted("otelcol_receiver_accepted_spans{receiver=\"otlp\",transport=\"grpc\"} 3"));
}

TEST_F(OtlpGrpcServiceTest, AGzipMessageIsInflatedAndKeptForForwarding) {
  const std::string request = sample_request(50);
  const std::vector<std::string_view> slices = {request};
  const std::string compressed(net::gzip_compress(slices).value().view());
  net::GrpcRequest how;
  how.compressed = true;
  how.metadata = {{"grpc-encoding", "gzip"}};
  EXPECT_EQ(call(compressed, std::move(how)).status.code, GrpcCode::kOk);
  EXPECT_EQ(destination_.bytes(), request);
}

TEST_F(OtlpGrpcServiceTest, AnEmptyMessageIsSuccess) {
  EXPECT_EQ(call("").status.code, GrpcCode::kOk);
  EXPECT_EQ(destination_.bytes(), "");
}

TEST_F(OtlpGrpcServiceTest, WrongBytesAreAnInvalidArgument) {
  const net::GrpcReply reply = call("\x0a\xff");
  EXPECT_EQ(reply.status.code, GrpcCode::kInvalidArgument);
  EXPECT_THAT(reply.status.message, HasSubstr("is not an ExportTraceServiceRequest"));
  EXPECT_EQ(reply.status.details, "") << "nothing to retry";
  EXPECT_TRUE(refused("malformed_protobuf"));
}

TEST_F(OtlpGrpcServiceTest, AnotherMethodIsUnimplemented) {
  net::GrpcRequest how;
  how.path = "/opentelemetry.proto.collector.trace.v1.TraceService/Import";
  EXPECT_EQ(call("", std::move(how)).status.code, GrpcCode::kUnimplemented);
  EXPECT_TRUE(refused("wrong_path"));
}

TEST_F(OtlpGrpcServiceTest, AMessageThatIsTooLargeIsResourceExhaustedForGood) {
  const net::GrpcReply reply = call(std::string(5000, 'x'));
  EXPECT_EQ(reply.status.code, GrpcCode::kResourceExhausted);
  EXPECT_THAT(reply.status.message, HasSubstr("max_recv_msg_size_mib"));
  EXPECT_EQ(reply.status.details, "");
  EXPECT_TRUE(refused("body_too_large"));
}

TEST_F(OtlpGrpcServiceTest, WithoutMemoryTheSenderIsToldToComeBack) {
  ASSERT_TRUE(host_.budget().try_take(63 << 10));
  for (const auto& [random, milliseconds] : {std::pair{0u, 500u}, {2500u, 3000u}, {2501u, 500u}, {777u, 1277u}}) {
    host_.random = random;
    const net::GrpcReply reply = call(sample_request(50));
    EXPECT_EQ(reply.status.code, GrpcCode::kUnavailable);
    EXPECT_EQ(retry_delay(reply), milliseconds * base::kNanosPerMilli) << "not all together";
  }
  host_.budget().give_back(63 << 10);
  EXPECT_TRUE(refused("memory", 4));
}

TEST_F(OtlpGrpcServiceTest, HeadersThatAreTooLargeAreNoMessageThatIs) {
  net::GrpcRequest how;
  how.metadata = {{"x-long", std::string(40'000, 'x')}};
  const net::GrpcReply reply = call(sample_request(1), std::move(how));
  EXPECT_EQ(reply.status.code, GrpcCode::kResourceExhausted);
  EXPECT_EQ(reply.status.message, "the headers are larger than 32768 bytes in all; send fewer or shorter ones");
  EXPECT_TRUE(refused("head_too_large"));
}

TEST_F(OtlpGrpcServiceTest, RefusalsAreCountedByWhatTheyAreFor) {
  OtlpGrpcService service(config_.grpc, "otlp", host_, destination_);
  const struct {
    int http_status;
    GrpcCode code, sent;
    const char* reason;
    bool retry;
  } rows[] = {
      {400, GrpcCode::kInternal, GrpcCode::kInternal, "malformed_grpc", false},
      {405, GrpcCode::kInternal, GrpcCode::kInternal, "wrong_method", false},
      {408, GrpcCode::kUnavailable, GrpcCode::kUnavailable, "slow", true},
      {413, GrpcCode::kResourceExhausted, GrpcCode::kResourceExhausted, "body_too_large", false},
      {415, GrpcCode::kUnimplemented, GrpcCode::kUnimplemented, "wrong_encoding", false},
      {431, GrpcCode::kResourceExhausted, GrpcCode::kResourceExhausted, "head_too_large", false},
      {500, GrpcCode::kUnknown, GrpcCode::kUnknown, "internal", false},
      {503, GrpcCode::kUnavailable, GrpcCode::kUnavailable, "memory", true},
      {504, GrpcCode::kDeadlineExceeded, GrpcCode::kDeadlineExceeded, "deadline", false},
  };
  for (const auto& row : rows) {
    const net::GrpcStatus sent = service.on_refused(row.http_status, {row.code, "in words", {}}, {});
    EXPECT_EQ(sent.code, row.sent) << row.http_status;
    EXPECT_EQ(!sent.details.empty(), row.retry) << row.http_status;
    EXPECT_TRUE(refused(row.reason)) << row.reason;
    const bool says_the_limit = row.http_status == 413 || row.http_status == 503;
    EXPECT_EQ(sent.message == "in words", !says_the_limit) << row.http_status;
  }
}

TEST_F(OtlpGrpcServiceTest, OutcomesBecomeStatuses) {
  destination_.outcome = Outcome::retry("queue is full", 3 * base::kNanosPerSecond);
  const net::GrpcReply later = call(sample_request(2));
  EXPECT_EQ(later.status.code, GrpcCode::kUnavailable);
  EXPECT_EQ(later.status.message, "queue is full");
  EXPECT_EQ(retry_delay(later), 3 * base::kNanosPerSecond) << "as the destination asked";
  destination_.outcome = Outcome::retry("queue is full");
  host_.random = 1000;
  EXPECT_EQ(retry_delay(call(sample_request(2))), 1500 * base::kNanosPerMilli);
  destination_.outcome = Outcome::permanent("never");
  EXPECT_EQ(call(sample_request(4)).status.code, GrpcCode::kInternal);
  EXPECT_TRUE(counted("otelcol_receiver_refused_spans{receiver=\"otlp\",transport=\"grpc\"} 4"));
  EXPECT_TRUE(counted("otelcol_receiver_failed_spans{receiver=\"otlp\",transport=\"grpc\"} 4"));
}

TEST_F(OtlpGrpcServiceTest, WhileDrainingNewCallsAreUnavailable) {
  OtlpGrpcService service(config_.grpc, "otlp", host_, destination_);
  service.begin_drain();
  const net::GrpcService::Decision decision = service.on_call({});
  EXPECT_NE(decision.status.code, GrpcCode::kOk);
}

TEST_F(OtlpGrpcServiceTest, NoMemoryIsHeldAfterwards) {
  call(sample_request(5));
  call(std::string(5000, 'x'));
  call("\x0a\xff");
  destination_.forget();
  EXPECT_EQ(host_.budget().used(), 0u);
}

TEST_F(OtlpGrpcServiceTest, HttpWithoutGrpcAndGrpcWithoutHttp2AreToldWhatToDoAndCounted) {
  config_.http_enabled = true;
  config_.http.port = 0;
  receiver_ = std::make_unique<OtlpReceiver>(config_, "otlp", host_, destination_);
  ASSERT_TRUE(receiver_->start().ok());
  const std::string described = receiver_->describe();  // "...; grpc 127.0.0.1:PORT, ..."
  const std::string port = described.substr(described.find("grpc 127.0.0.1:") + 15);
  const std::size_t http = described.find("http 127.0.0.1:") + 15;
  const std::string answer =
      testing::exchange(static_cast<std::uint16_t>(std::stoi(port)),
                        testing::post("/v1/traces", "Content-Type: application/x-protobuf\r\n", "x"));
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 415"));
  EXPECT_THAT(answer, HasSubstr("this port takes OTLP over gRPC; OTLP over HTTP is on port " +
                                described.substr(http, described.find('/') - http) + "\n"));
  EXPECT_TRUE(refused("http_on_grpc_port"));

  const std::string downgraded = testing::exchange(
      static_cast<std::uint16_t>(std::stoi(port)),
      testing::post(std::string(info_of(Signal::kTraces).grpc_path), "Content-Type: application/grpc\r\n", "x"));
  EXPECT_THAT(downgraded, HasSubstr("HTTP/1.1 505"));
  EXPECT_THAT(downgraded, HasSubstr("gRPC needs HTTP/2, and this request came over HTTP/1.1"));
  EXPECT_TRUE(refused("grpc_on_http1"));
}

}  // namespace
}  // namespace nanospan::gateway

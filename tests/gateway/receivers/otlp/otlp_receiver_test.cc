// The receiver's answers by raw HTTP: each status, its body in the request's encoding, its counter.
#include "gateway/receivers/otlp/otlp_receiver.h"

#include <gmock/gmock.h>

#include "net/gzip.h"
#include "tests/gateway/raw_http.h"
#include "tests/gateway/receivers/otlp/destination.h"
#include "tests/gateway/sample_traces.h"
#include "tests/gateway/test_host.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::gateway {
namespace {

using ::testing::AllOf;
using testing::Destination;
using ::testing::EndsWith;
using testing::exchange;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::post;
using testing::sample_request;
using ::testing::StartsWith;

constexpr std::string_view kProtobuf = "Content-Type: application/x-protobuf\r\n";
constexpr std::string_view kJson = "Content-Type: application/json; charset=utf-8\r\n";

class OtlpReceiverTest : public ::testing::Test {
 protected:
  OtlpReceiverTest() {
    config_.http_enabled = true;
    config_.http.port = 0;
    config_.http.body_bytes_max = 4096;
  }
  ~OtlpReceiverTest() override { host_.stop(); }
  std::uint16_t port() {
    if (!receiver_) {
      receiver_ = std::make_unique<OtlpReceiver>(config_, "otlp", host_, destination_);
      EXPECT_TRUE(receiver_->start().ok());
      const std::string text = receiver_->describe();  // "http 127.0.0.1:PORT/v1/traces, ..."
      port_ = static_cast<std::uint16_t>(std::stoi(text.substr(text.find(':') + 1)));
    }
    return port_;
  }
  bool counted(const std::string& line) {
    return host_.metrics().render().find("\n" + line + "\n") != std::string::npos;
  }
  bool refused(const std::string& reason, int times = 1) {
    return counted("nanospan_receiver_refused_requests{receiver=\"otlp\",transport=\"http\",reason=\"" + reason +
                   "\"} " + std::to_string(times));
  }

  testing::TestHost host_{64 << 10};
  Destination destination_;
  OtlpReceiverConfig config_;
  std::unique_ptr<OtlpReceiver> receiver_;
  std::uint16_t port_ = 0;
};

std::string gzip(const std::string& text) {
  const std::vector<std::string_view> slices = {text};
  return std::string(net::gzip_compress(slices).value().view());
}

TEST_F(OtlpReceiverTest, ProtobufIsTakenAsItCame) {
  const std::string request = sample_request(3);
  const std::string response = exchange(port(), post("/v1/traces", kProtobuf, request));
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n"));
  EXPECT_THAT(response, EndsWith("\r\n\r\n"));  // An empty ExportTraceServiceResponse is no bytes.
  EXPECT_EQ(destination_.bytes(), request);
  EXPECT_EQ(destination_.last()->counts().spans, 3u);
  EXPECT_TRUE(counted("otelcol_receiver_accepted_spans{receiver=\"otlp\",transport=\"http\"} 3"));
}

TEST_F(OtlpReceiverTest, EachSignalHasItsPathItsCountersAndItsAnswer) {
  const std::string metrics =
      R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[{"asInt":1},{"asInt":2}]}}]}]}]})";
  destination_.outcome = Outcome::partial(1, "too old");
  EXPECT_THAT(exchange(port(), post("/v1/metrics", kJson, metrics)),
              EndsWith(R"({"partialSuccess":{"rejectedDataPoints":"1","errorMessage":"too old"}})"));
  EXPECT_EQ(destination_.last()->signal(), Signal::kMetrics);
  EXPECT_TRUE(counted("otelcol_receiver_accepted_metric_points{receiver=\"otlp\",transport=\"http\"} 1"));
  EXPECT_TRUE(counted("otelcol_receiver_failed_metric_points{receiver=\"otlp\",transport=\"http\"} 1"));

  destination_.outcome = Outcome::retry("later");
  const std::string logs = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{},{}]}]}]})";
  EXPECT_THAT(exchange(port(), post("/v1/logs", kJson, logs)), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(destination_.last()->signal(), Signal::kLogs);
  EXPECT_TRUE(counted("otelcol_receiver_refused_log_records{receiver=\"otlp\",transport=\"http\"} 3"));
  EXPECT_TRUE(counted("otelcol_receiver_accepted_spans{receiver=\"otlp\",transport=\"http\"} 0"));
}

TEST_F(OtlpReceiverTest, ARequestOfAnotherSignalIsMalformed) {
  // A span's name where a metric's gauge would be no message: the walk is that of the path.
  const std::string logs_in_metrics = R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":7}]}]}]})";
  EXPECT_THAT(exchange(port(), post("/v1/metrics", kJson, logs_in_metrics)),
              HasSubstr("the body is not an ExportMetricsServiceRequest: "
                        "resourceMetrics[0].scopeMetrics[0].metrics[0].name: must be a string"));
  EXPECT_TRUE(refused("malformed_json"));
}

TEST_F(OtlpReceiverTest, ProfilesComeAsProtobufOnly) {
  const std::string profiles = "\x0A\x08\x12\x06\x12\x04\x12\x02\x08\x01";
  EXPECT_THAT(exchange(port(), post("/v1development/profiles", kProtobuf, profiles)), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(destination_.bytes(), profiles);
  EXPECT_TRUE(counted("otelcol_receiver_accepted_profile_samples{receiver=\"otlp\",transport=\"http\"} 1"));
  EXPECT_THAT(exchange(port(), post("/v1development/profiles", kJson, "{}")),
              HasSubstr("profiles are taken as application/x-protobuf only"));
}

TEST_F(OtlpReceiverTest, ASignalWithoutAPipelineIsNotServed) {
  SignalConsumers only_logs;
  only_logs.set(Signal::kLogs, destination_);
  receiver_ = std::make_unique<OtlpReceiver>(config_, "otlp", host_, only_logs);
  ASSERT_TRUE(receiver_->start().ok());
  const std::string text = receiver_->describe();
  EXPECT_THAT(text, HasSubstr("/v1/logs, bodies to"));
  port_ = static_cast<std::uint16_t>(std::stoi(text.substr(text.find(':') + 1)));
  EXPECT_THAT(exchange(port(), post("/v1/traces", kProtobuf, sample_request())),
              HasSubstr("\"/v1/traces\" is not served here; send logs to POST /v1/logs"));
  EXPECT_THAT(exchange(port(), post("/v1/logs", kProtobuf, "")), StartsWith("HTTP/1.1 200 "));
}

TEST_F(OtlpReceiverTest, JsonBecomesProtobuf) {
  const std::string json =
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{
    "traceId":"30313233343536373839616263646566","spanId":"3031323334353637","name":"checkout",
    "startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000001500000"}]}]}]})";
  EXPECT_THAT(exchange(port(), post("/v1/traces", kJson, json)), EndsWith("\r\n\r\n{}"));
  EXPECT_EQ(destination_.bytes(), sample_request(1));
}

TEST_F(OtlpReceiverTest, GzipIsInflatedAndKept) {
  const std::string request = sample_request(20), body = gzip(request);
  EXPECT_THAT(exchange(port(), post("/v1/traces?x=1", std::string(kProtobuf) + "Content-Encoding: gzip\r\n", body)),
              StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(destination_.bytes(), request);
  EXPECT_EQ(destination_.last()->kept(net::Coding::kGzip), body);
  // Two members are legal gzip, but some receivers drop the second: such a body is not forwarded verbatim.
  EXPECT_THAT(exchange(port(), post("/v1/traces", std::string(kProtobuf) + "Content-Encoding: gzip\r\n",
                                    gzip(sample_request(1)) + gzip(sample_request(1)))),
              StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(destination_.last()->counts().spans, 2u);
  EXPECT_EQ(destination_.last()->kept(net::Coding::kGzip), "");
}

TEST_F(OtlpReceiverTest, EveryCodingIsDecodedAndKeptAsItCame) {
  const std::string request = sample_request(20);
  const std::string_view slice = request;
  for (const ContentCoding& coding : content_codings()) {
    const std::string body(coding.codec->encode({&slice, 1}, coding.codec->level_default).value().view());
    const std::string headers = std::string(kProtobuf) + "Content-Encoding: " + std::string(coding.name) + "\r\n";
    EXPECT_THAT(exchange(port(), post("/v1/traces", headers, body)), StartsWith("HTTP/1.1 200")) << coding.name;
    EXPECT_EQ(destination_.bytes(), request);
    EXPECT_EQ(destination_.last()->kept(coding.codec->coding), body);
    EXPECT_THAT(exchange(port(), post("/v1/traces", headers, body.substr(0, body.size() - 1))),
                HasSubstr("400 Bad Request"));
  }
  EXPECT_TRUE(refused("malformed_zstd"));
  EXPECT_TRUE(refused("malformed_snappy", 2));
  EXPECT_TRUE(refused("malformed_deflate", 2));
}

// Senders call both formats "snappy" (Collector: confighttp, compression.go).
TEST_F(OtlpReceiverTest, SnappyMeansEitherFormat) {
  const std::string request = sample_request(20);
  const std::string_view slice = request;
  const net::Codec& framed = *find_content_coding("x-snappy-framed")->codec;
  const std::string body(framed.encode({&slice, 1}, 0).value().view());
  EXPECT_THAT(exchange(port(), post("/v1/traces", std::string(kProtobuf) + "Content-Encoding: snappy\r\n", body)),
              StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(destination_.last()->kept(net::Coding::kSnappyFramed), body);
  EXPECT_EQ(destination_.last()->kept(net::Coding::kSnappyBlock), "");
}

TEST_F(OtlpReceiverTest, EmptyRequestsSucceed) {
  EXPECT_THAT(exchange(port(), post("/v1/traces", kProtobuf, "")), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(destination_.bytes(), "");
}

TEST_F(OtlpReceiverTest, MalformedBodiesAreToldTheByte) {
  EXPECT_THAT(
      exchange(port(), post("/v1/traces", kProtobuf, "\x0a\x05zz")),
      EndsWith("\x08\x03\x12\x4ethe body is not an ExportTraceServiceRequest: byte 1: length runs past the end"));
  EXPECT_THAT(exchange(port(), post("/v1/traces", kJson,
                                    "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"xyz\"}]}]}]}")),
              HasSubstr("resourceSpans[0].scopeSpans[0].spans[0].traceId"));
  EXPECT_THAT(
      exchange(port(), post("/v1/traces", std::string(kJson) + "Content-Encoding: gzip\r\n", gzip("{}").substr(0, 15))),
      HasSubstr("{\"code\":3,\"message\":\"the gzip body ends before its end mark, at byte 15\"}"));
  EXPECT_THAT(
      exchange(port(), post("/v1/traces", std::string(kJson) + "Content-Encoding: gzip\r\n", "not gzip at all")),
      HasSubstr("the body is not gzip, though Content-Encoding says so"));
  EXPECT_THAT(exchange(port(), post("/v1/traces", kJson, "[]")), HasSubstr("not a JSON object (byte 0)"));
  EXPECT_THAT(exchange(port(), post("/v1/traces", kJson, "{\"resourceSpans\":[{")), HasSubstr("byte 19"));
  EXPECT_THAT(exchange(port(), post("/v1/traces", kJson, "{\"resourceSpans")), HasSubstr("byte 15"));
  EXPECT_TRUE(refused("malformed_protobuf"));
  EXPECT_TRUE(refused("malformed_json", 4));
  EXPECT_TRUE(refused("malformed_gzip", 2));
}

TEST_F(OtlpReceiverTest, WrongPathMethodTypeAndEncoding) {
  const std::string path = exchange(port(), post("/v1/trace", kJson, "{}"));
  EXPECT_THAT(path, StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(path, EndsWith("{\"code\":12,\"message\":\"\\\"/v1/trace\\\" is not served here; send traces to POST "
                             "/v1/traces, metrics to POST /v1/metrics, logs "
                             "to POST /v1/logs, profiles to POST /v1development/profiles\"}"));
  const std::string method = exchange(port(), "GET /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(method, StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(method, HasSubstr("\r\nAllow: POST\r\n"));
  const std::string type = exchange(port(), post("/v1/traces", "Content-Type: text/html\r\n", "x"));
  EXPECT_THAT(type, StartsWith("HTTP/1.1 415"));
  EXPECT_THAT(type,
              EndsWith("Content-Type \"text/html\" is not supported; send application/x-protobuf, application/json\n"));
  const std::string encoding =
      exchange(port(), post("/v1/traces", std::string(kJson) + "Content-Encoding: br\r\n", "x"));
  EXPECT_THAT(encoding, StartsWith("HTTP/1.1 415"));
  EXPECT_THAT(
      encoding,
      HasSubstr("\r\nAccept-Encoding: gzip, zstd, snappy, x-snappy-framed, deflate, zlib, x-gzip, identity\r\n"));
  for (const char* reason : {"wrong_path", "wrong_method", "wrong_type", "wrong_encoding"})
    EXPECT_TRUE(refused(reason)) << reason;
}

TEST_F(OtlpReceiverTest, AGrpcClientAtTheHttpPortIsToldWhereToGoAndCounted) {
  const std::string call =
      post("/opentelemetry.proto.collector.trace.v1.TraceService/Export", "Content-Type: application/grpc\r\n", "x");
  const std::string alone = exchange(port(), call);
  EXPECT_THAT(alone, StartsWith("HTTP/1.1 415"));
  EXPECT_THAT(alone, EndsWith("the client speaks gRPC, this port takes OTLP over HTTP; let it send http/protobuf, or "
                              "enable protocols.grpc of this receiver\n"));
  EXPECT_TRUE(refused("grpc_on_http_port"));
  config_.grpc_enabled = true;
  config_.grpc.port = 0;
  receiver_.reset();
  const std::string both = exchange(port(), call), described = receiver_->describe();
  const std::size_t at = described.find("grpc 127.0.0.1:") + 15;
  EXPECT_THAT(both,
              EndsWith("; OTLP over gRPC is on port " + described.substr(at, described.find(',', at) - at) + "\n"));
  nanospan::testing::TemporaryFolder folder;
  config_.grpc.host = folder / "private.sock";
  receiver_.reset();
  EXPECT_THAT(exchange(port(), call), EndsWith("; OTLP over gRPC is on another address of this receiver\n"));
}

TEST_F(OtlpReceiverTest, SizesAreBoundedBeforeAndAfterInflating) {
  EXPECT_THAT(
      exchange(port(), post("/v1/traces", kJson, std::string(5000, ' '))),
      EndsWith("the body of 4.9 KiB is larger than 4 KiB (the receiver's max_request_body_size, at most half of "
               "service.memory_budget); send smaller batches or raise it\"}"));
  const std::string gzipped = std::string(kJson) + "Content-Encoding: gzip\r\n";
  EXPECT_THAT(exchange(port(), post("/v1/traces", gzipped, gzip(std::string(5000, ' ')))), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(exchange(port(), post("/v1/traces", gzipped, gzip(std::string(1'000'000, ' ')))),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(
      exchange(port(), "POST /v1/traces HTTP/1.1\r\nHost: x\r\n" + std::string(kJson) +
                           "Transfer-Encoding: chunked\r\n\r\n1388\r\n" + std::string(5000, ' ') + "\r\n0\r\n\r\n"),
      StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(exchange(port(), "POST /v1/traces HTTP/1.1\r\nHost: x\r\n" + std::string(kJson) + "\r\n"),
              StartsWith("HTTP/1.1 411"));
  EXPECT_TRUE(refused("body_too_large", 4));
  EXPECT_TRUE(refused("no_length"));
}

TEST_F(OtlpReceiverTest, ABodyOfExactlyTheLimitPasses) {
  std::string json = "{}";
  json.append(4096 - json.size(), ' ');
  EXPECT_THAT(exchange(port(), post("/v1/traces", kJson, json)), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(exchange(port(), post("/v1/traces", std::string(kJson) + "Content-Encoding: gzip\r\n", gzip(json))),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(OtlpReceiverTest, WithoutMemoryItSaysComeBackAndNamesTheBudget) {
  ASSERT_TRUE(host_.budget().try_take(65'500));
  for (const auto& [random, seconds] : {std::pair{0u, "1"}, {500u, "1"}, {501u, "2"}, {1501u, "3"}, {2500u, "3"}}) {
    host_.random = random;  // of 500 ms to 3 s, rounded up
    const std::string response = exchange(port(), post("/v1/traces", kJson, std::string(400, ' ')));
    EXPECT_THAT(response, StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(response, HasSubstr("\r\nRetry-After: " + std::string(seconds) + "\r\n")) << random;
    EXPECT_THAT(response, HasSubstr("the gateway's memory budget of 64 KiB (service.memory_budget) is in use"));
  }
  host_.budget().give_back(65'500);
  EXPECT_THAT(exchange(port(), post("/v1/traces", kJson, "{}")), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(host_.budget().used(), 0u);
  EXPECT_TRUE(refused("memory", 5));
}

TEST_F(OtlpReceiverTest, PipelinedRequestsAreChargedWhileTheyWait) {
  host_.random = 1000;
  ASSERT_TRUE(host_.budget().try_take(65'300));
  testing::RawConnection connection(port());
  connection.send(post("/v1/traces", kProtobuf, sample_request(1)) +
                  post("/v1/traces", kProtobuf, sample_request(1)));  // 65 bytes and more than 236
  EXPECT_THAT(connection.receive(), StartsWith("HTTP/1.1 200"));
  const std::string refused_one = connection.receive();
  EXPECT_THAT(refused_one, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(refused_one, HasSubstr("\r\nRetry-After: 2\r\n"));
  host_.budget().give_back(65'300);
  EXPECT_TRUE(refused("memory"));
}

TEST_F(OtlpReceiverTest, WhatCanNeverFitTheBudgetIsNotSentBackForARetry) {
  config_.http.body_bytes_max = 1 << 20;
  const std::string response = exchange(port(), post("/v1/traces", kJson, std::string(40'000, ' ')));
  EXPECT_THAT(response, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(response, HasSubstr("larger than 32 KiB"));
}

TEST_F(OtlpReceiverTest, ABatchHoldsItsBytesInTheBudgetUntilItIsGone) {
  exchange(port(), post("/v1/traces", kProtobuf, sample_request(10)));
  EXPECT_EQ(host_.budget().used(), sample_request(10).size());
}

TEST_F(OtlpReceiverTest, OutcomesBecomeAnswers) {
  port();
  destination_.outcome = Outcome::retry("exporter x: the queue is full", 2'500'000'000);
  const std::string busy = exchange(port(), post("/v1/traces", kProtobuf, sample_request(2)));
  EXPECT_THAT(busy, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(busy, HasSubstr("\r\nRetry-After: 3\r\n"));
  EXPECT_THAT(busy, EndsWith("exporter x: the queue is full"));
  destination_.outcome = Outcome::retry("exporter x: the queue is full");
  host_.random = 2000;
  EXPECT_THAT(exchange(port(), post("/v1/traces", kProtobuf, sample_request(2))), HasSubstr("\r\nRetry-After: 3\r\n"));
  destination_.outcome = Outcome::retry("exporter x: the queue is full", 1);
  EXPECT_THAT(exchange(port(), post("/v1/traces", kProtobuf, sample_request(2))), HasSubstr("\r\nRetry-After: 1\r\n"))
      << "as the destination asked";
  destination_.outcome = Outcome::permanent("exporter x: bad request");
  EXPECT_THAT(exchange(port(), post("/v1/traces", kProtobuf, sample_request(4))), StartsWith("HTTP/1.1 500"));
  EXPECT_TRUE(counted("otelcol_receiver_refused_spans{receiver=\"otlp\",transport=\"http\"} 6"));
  EXPECT_TRUE(counted("otelcol_receiver_failed_spans{receiver=\"otlp\",transport=\"http\"} 4"));
  destination_.outcome = Outcome::partial(3, "exporter x: too old");
  const std::string partial = exchange(port(), post("/v1/traces", kProtobuf, sample_request(5)));
  EXPECT_THAT(partial, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(partial, EndsWith("\x08\x03\x12\x13"
                                "exporter x: too old"));
  EXPECT_TRUE(counted("otelcol_receiver_accepted_spans{receiver=\"otlp\",transport=\"http\"} 2"));
  EXPECT_TRUE(counted("otelcol_receiver_failed_spans{receiver=\"otlp\",transport=\"http\"} 7"));
}

TEST_F(OtlpReceiverTest, BrowsersOfAllowedOrigins) {
  config_.http.cors.allowed_origins = {"https://*.example.com"};
  config_.http.cors.max_age_seconds = 60;
  const std::string ask = "OPTIONS /v1/traces HTTP/1.1\r\nHost: x\r\nAccess-Control-Request-Method: POST\r\nOrigin: ";
  const std::string allowed = exchange(port(), ask + "https://shop.example.com\r\n\r\n");
  EXPECT_THAT(allowed, StartsWith("HTTP/1.1 204"));
  EXPECT_THAT(allowed, HasSubstr("\r\nAccess-Control-Allow-Origin: https://shop.example.com\r\n"));
  EXPECT_THAT(allowed, HasSubstr("\r\nAccess-Control-Max-Age: 60\r\n"));
  EXPECT_THAT(allowed, HasSubstr("\r\nAccess-Control-Allow-Credentials: true\r\n")) << "as the Collector's";
  EXPECT_THAT(exchange(port(), ask + "https://example.org\r\n\r\n"), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(exchange(port(), post("/v1/traces", std::string(kJson) + "Origin: https://a.example.com\r\n", "{}")),
              AllOf(HasSubstr("\r\nAccess-Control-Allow-Origin: https://a.example.com\r\n"),
                    HasSubstr("\r\nAccess-Control-Allow-Credentials: true\r\n")));
}

TEST_F(OtlpReceiverTest, BrowsersOfAnyOriginSendWithoutCredentials) {
  config_.http.cors.allowed_origins = {"https://a.example.com", "*"};
  const std::string answer =
      exchange(port(), post("/v1/traces", std::string(kJson) + "Origin: https://evil.example\r\n", "{}"));
  EXPECT_THAT(answer, HasSubstr("\r\nAccess-Control-Allow-Origin: https://evil.example\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Access-Control-Allow-Credentials")));
}

// RFC 9113, 6.7, and no gRPC: Go's HTTP server, which the Collector listens with, answers every PING.
TEST_F(OtlpReceiverTest, PingsOfHttpClientsAreAllAnswered) {
  testing::RawConnection connection(port());
  const std::string ping("\0\0\x08\x06\0\0\0\0\0pingpong", 17), ack("\0\0\x08\x06\x01\0\0\0\0pingpong", 17);
  connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string("\0\0\0\x04\0\0\0\0\0", 9));
  for (int i = 0; i < 8; ++i) {
    connection.send(ping);
    EXPECT_TRUE(connection.receive_until(ack)) << "the " << i + 1 << "th";
  }
}

TEST_F(OtlpReceiverTest, OneConnectionCarriesManyRequestsAlsoRefusedOnes) {
  testing::RawConnection connection(port());
  for (int i = 0; i < 3; ++i) {
    connection.send(post("/v1/traces", kProtobuf, sample_request(1)));
    connection.send(post("/wrong", kProtobuf, "xyz"));
    EXPECT_THAT(connection.receive(), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(connection.receive(), StartsWith("HTTP/1.1 404"));
  }
}

TEST_F(OtlpReceiverTest, AStalledPeerHarmsNobody) {
  testing::RawConnection stalled(port());
  stalled.send("POST /v1/traces HTTP/1.1\r\nHost: x\r\n" + std::string(kProtobuf) + "Content-Length: 4000\r\n\r\nabc");
  for (int i = 0; i < 20; ++i)
    EXPECT_THAT(exchange(port(), post("/v1/traces", kProtobuf, sample_request(1))), StartsWith("HTTP/1.1 200"));
}

TEST_F(OtlpReceiverTest, GarbageIsAnsweredAndCounted) {
  EXPECT_THAT(exchange(port(), "\x16\x03\x01 hello\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_TRUE(refused("malformed_http"));
}

}  // namespace
}  // namespace nanospan::gateway

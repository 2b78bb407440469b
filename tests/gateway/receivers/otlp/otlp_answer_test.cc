// Bodies and headers of answers, in each encoding.
#include "gateway/receivers/otlp/otlp_answer.h"

#include <gtest/gtest.h>

#include "gateway/receivers/otlp/cors.h"
#include "wire/otlp_reply.h"

namespace nanospan::gateway {
namespace {

TEST(OtlpAnswer, ContentTypes) {
  EXPECT_EQ(encoding_of("application/x-protobuf"), OtlpEncoding::kProtobuf);
  EXPECT_EQ(encoding_of("Application/JSON ; charset=utf-8"), OtlpEncoding::kJson);
  for (const char* other : {"", "text/plain", "application/grpc", "application/jsonx"})
    EXPECT_EQ(encoding_of(other), std::nullopt) << other;
}

TEST(OtlpAnswer, ErrorsAreStatusInTheRequestsEncoding) {
  const net::Response protobuf = error_answer(400, "byte 7\x80", OtlpEncoding::kProtobuf);
  EXPECT_EQ(net::find_header(protobuf.headers, "Content-Type"), "application/x-protobuf");
  EXPECT_EQ(wire::decode_rpc_status(protobuf.body)->code, 3);
  EXPECT_EQ(wire::decode_rpc_status(protobuf.body)->message, "byte 7?");
  EXPECT_EQ(error_answer(503, "a\"b", OtlpEncoding::kJson).body, "{\"code\":14,\"message\":\"a\\\"b\"}");
  EXPECT_EQ(error_answer(415, "x", std::nullopt).body, "x\n");
}

TEST(OtlpAnswer, SuccessSaysWhatWasRejected) {
  EXPECT_EQ(success_answer(Signal::kTraces, OtlpEncoding::kProtobuf).body, "");
  EXPECT_EQ(success_answer(Signal::kTraces, OtlpEncoding::kJson).body, "{}");
  const net::Response partial = success_answer(Signal::kTraces, OtlpEncoding::kProtobuf, {7, "too old"});
  EXPECT_EQ(partial.status, 200);
  EXPECT_EQ(wire::decode_export_response(partial.body)->rejected_spans, 7);
  EXPECT_EQ(success_answer(Signal::kTraces, OtlpEncoding::kJson, {7, "too old"}).body,
            "{\"partialSuccess\":{\"rejectedSpans\":\"7\",\"errorMessage\":\"too old\"}}");
}

TEST(OtlpAnswer, RetryAfterIsWholeSecondsAndNeverZero) {
  const auto seconds = [](std::uint64_t nanos) {
    return std::string(*net::find_header(retry_answer(503, "", std::nullopt, nanos).headers, "Retry-After"));
  };
  EXPECT_EQ(seconds(0), "1");
  EXPECT_EQ(seconds(1'000'000'000), "1");
  EXPECT_EQ(seconds(1'000'000'001), "2");
}

TEST(Cors, HeadersForAllowedOriginsOnly) {
  CorsOptions options;
  options.allowed_origins = {"http://a.example", "https://*.b.example"};
  options.exposed_headers = {"x-a", "x-b"};
  const auto allows = [&](std::string_view origin) {
    net::Response response;
    add_cors_headers(options, origin, response);
    return net::find_header(response.headers, "Access-Control-Allow-Origin").has_value();
  };
  EXPECT_TRUE(allows("http://a.example"));
  EXPECT_TRUE(allows("https://x.b.example"));
  for (const char* other :
       {"", "https://a.example", "https://b.example", "http://x.b.example", "https://x.b.example.evil"}) {
    EXPECT_FALSE(allows(other)) << other;
  }
}

}  // namespace
}  // namespace nanospan::gateway

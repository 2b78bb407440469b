#include "export/otlp_http/otlp_http_config.h"

#include "export/otlp/otlp_delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace nanospan::exporters {
namespace {

using ::testing::HasSubstr;

OtlpHttpOptions with(void (*change)(OtlpHttpOptions&)) {
  OtlpHttpOptions options;
  change(options);
  return options;
}

struct Bad {
  void (*change)(OtlpHttpOptions&);
  ErrorCode code;
  const char* says;
};

TEST(OtlpHttpConfig, DefaultsAreTheSpecifications) {
  const Result<OtlpHttpConfig> config = validate(OtlpHttpOptions{});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->url.origin(), "http://localhost:4318");
  EXPECT_EQ(config->url.path, "/v1/traces");
  EXPECT_EQ(config->timeout_nanos, 10 * base::kNanosPerSecond);
  EXPECT_EQ(config->request_bytes_max, 64U << 20);
  EXPECT_EQ(config->response_bytes_max, 4U << 20);
}

TEST(OtlpHttpConfig, RefusesWhatCannotBeMeant) {
  const Bad all[] = {
      {[](OtlpHttpOptions& o) { o.traces_endpoint = "localhost:4318"; }, ErrorCode::kInvalidArgument, "scheme"},
      {[](OtlpHttpOptions& o) { o.traces_endpoint = ""; }, ErrorCode::kInvalidArgument, "URL"},
      {[](OtlpHttpOptions& o) {
         o.traces_endpoint = "https://collector:4318/v1/traces";
         o.tls.cert_file = "client.pem";
       },
       ErrorCode::kInvalidArgument, "cert_file without key_file"},
      {[](OtlpHttpOptions& o) {
         o.headers = {{"bad name", "x"}};
       },
       ErrorCode::kInvalidArgument, "bad name"},
      {[](OtlpHttpOptions& o) {
         o.headers = {{"x", "a\r\nb: c"}};
       },
       ErrorCode::kInvalidArgument, "control"},
      {[](OtlpHttpOptions& o) {
         o.headers = {{"content-length", "5"}};
       },
       ErrorCode::kInvalidArgument, "itself"},
      {[](OtlpHttpOptions& o) {
         o.headers = {{"HOST", "x"}};
       },
       ErrorCode::kInvalidArgument, "itself"},
      {[](OtlpHttpOptions& o) { o.user_agent_prefix = "a\nb"; }, ErrorCode::kInvalidArgument, "user_agent_prefix"},
      {[](OtlpHttpOptions& o) { o.request_bytes_max = 0; }, ErrorCode::kInvalidArgument, "request_bytes_max"},
      {[](OtlpHttpOptions& o) { o.response_bytes_max = 0; }, ErrorCode::kInvalidArgument, "response_bytes_max"},
      {[](OtlpHttpOptions& o) { o.retry_initial_ms = 0; }, ErrorCode::kInvalidArgument, "retry_initial_ms"},
      {[](OtlpHttpOptions& o) { o.retry_max_ms = 10; }, ErrorCode::kInvalidArgument, "retry_max_ms"},
      {[](OtlpHttpOptions& o) { o.connections_max = 0; }, ErrorCode::kInvalidArgument, "connections_max"},
      {[](OtlpHttpOptions& o) { o.connections_max = 1000; }, ErrorCode::kInvalidArgument, "connections_max"},
  };
  for (const Bad& bad : all) {
    const Result<OtlpHttpConfig> config = validate(with(bad.change));
    ASSERT_FALSE(config.ok()) << bad.says;
    EXPECT_EQ(config.error().code, bad.code) << config.error().message;
    EXPECT_THAT(config.error().message, HasSubstr(bad.says));
  }
}

TEST(OtlpHttpConfig, ErrorsNeverShowHeaderValues) {
  const auto config = validate(with([](OtlpHttpOptions& o) { o.headers = {{"Authorization", "secret\n"}}; }));
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error().message, ::testing::Not(HasSubstr("secret")));
}

TEST(OtlpHttpConfig, UserAgentOfTheUserReplacesOurs) {
  const auto config = validate(with([](OtlpHttpOptions& o) { o.headers = {{"user-agent", "mine/1"}}; }));
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(net::find_header(config->headers, "User-Agent"), "mine/1");
}

TEST(OtlpHttpConfig, TimeoutZeroIsNoLimit) {
  EXPECT_EQ(validate(with([](OtlpHttpOptions& o) { o.timeout_ms = 0; }))->timeout_nanos, base::kNever);
  EXPECT_EQ(timeout_nanos(~std::uint64_t{0}), base::kNever);
}

}  // namespace
}  // namespace nanospan::exporters

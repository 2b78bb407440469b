// What OtlpGrpcOptions are refused, and what becomes of the others.
#include "export/otlp_grpc/otlp_grpc_config.h"

#include <gmock/gmock.h>

namespace nanospan::exporters {
namespace {

using ::testing::HasSubstr;

ErrorCode code_of(const OtlpGrpcOptions& options) {
  const auto config = validate(options);
  EXPECT_FALSE(config.ok());
  return config.ok() ? ErrorCode::kUnknown : config.error().code;
}

TEST(OtlpGrpcConfig, DefaultsAreUsable) {
  const auto config = validate(OtlpGrpcOptions());
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->destination, "http://localhost:4317");
  EXPECT_EQ(config->name, "otlp_grpc");
  EXPECT_EQ(config->calls_max, 4U);
  EXPECT_EQ(config->timeout_nanos, 10 * base::kNanosPerSecond);
}

TEST(OtlpGrpcConfig, HeaderNamesBecomeLowerCase) {
  OtlpGrpcOptions options;
  options.headers = {{"X-Api-Key", "K"}};
  const auto config = validate(options);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->headers.at(0).name, "x-api-key");
  EXPECT_EQ(config->headers.at(0).value, "K");
}

TEST(OtlpGrpcConfig, WhatCannotBeMeantIsRefused) {
  OtlpGrpcOptions options;
  options.endpoint = "localhost:4317";
  EXPECT_EQ(code_of(options), ErrorCode::kInvalidArgument);
  options = {};
  options.endpoint = "https://collector:4317";
  options.tls.key_file = "client.key";
  EXPECT_EQ(code_of(options), ErrorCode::kInvalidArgument);
  options = {};
  options.endpoint = "unix:/run/otlp.sock";
  EXPECT_TRUE(validate(options).ok());
  options.proxy = "http://proxy:3128";
  EXPECT_THAT(validate(options).error().message,
              HasSubstr("proxy is given, but the endpoint unix:/run/otlp.sock is a unix socket"));
  options = {};
  options.calls_max = 0;
  EXPECT_EQ(code_of(options), ErrorCode::kInvalidArgument);
  for (const char* name : {"te", "grpc-timeout", "Content-Type", "bad name"}) {
    options = {};
    options.headers = {{name, "x"}};
    EXPECT_EQ(code_of(options), ErrorCode::kInvalidArgument) << name;
  }
}

}  // namespace
}  // namespace nanospan::exporters

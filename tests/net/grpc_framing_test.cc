// gRPC's words: codes, prefixes, timeouts, escapes and base64, both ways and broken.
#include "net/grpc_framing.h"

#include <gtest/gtest.h>

#include <random>

namespace nanospan::net {
namespace {

TEST(GrpcFraming, CodesByNumberAndName) {
  EXPECT_EQ(read_grpc_code("0"), GrpcCode::kOk);
  EXPECT_EQ(read_grpc_code("14"), GrpcCode::kUnavailable);
  for (const char* wrong : {"", "17", "-1", "x", "1 ", "99999999999999"})
    EXPECT_EQ(read_grpc_code(wrong), GrpcCode::kUnknown);
  EXPECT_EQ(to_string(GrpcCode::kResourceExhausted), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(to_string(static_cast<GrpcCode>(200)), "UNKNOWN");
}

TEST(GrpcFraming, HttpStatusesByTheMappingOfGrpc) {
  EXPECT_EQ(grpc_code_for_http(401), GrpcCode::kUnauthenticated);
  EXPECT_EQ(grpc_code_for_http(404), GrpcCode::kUnimplemented);
  for (const int status : {429, 502, 503, 504}) EXPECT_EQ(grpc_code_for_http(status), GrpcCode::kUnavailable);
  EXPECT_EQ(grpc_code_for_http(200), GrpcCode::kUnknown);
}

TEST(GrpcFraming, ThePrefixBothWays) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{0x12345678}, std::size_t{0xffffffff}}) {
    for (const bool compressed : {false, true}) {
      const GrpcPrefix back = read_grpc_prefix(grpc_prefix(size, compressed));
      EXPECT_TRUE(back.valid);
      EXPECT_EQ(back.size, size);
      EXPECT_EQ(back.compressed, compressed);
    }
  }
  const std::array<char, 5> wrong = {2, 0, 0, 0, 0};
  EXPECT_FALSE(read_grpc_prefix(wrong).valid);
}

TEST(GrpcFraming, TimeoutsAreReadInAllUnits) {
  EXPECT_EQ(read_grpc_timeout("1n"), 1u);
  EXPECT_EQ(read_grpc_timeout("2u"), 2000u);
  EXPECT_EQ(read_grpc_timeout("3m"), 3'000'000u);
  EXPECT_EQ(read_grpc_timeout("4S"), 4 * base::kNanosPerSecond);
  EXPECT_EQ(read_grpc_timeout("5M"), 300 * base::kNanosPerSecond);
  EXPECT_EQ(read_grpc_timeout("6H"), 21'600 * base::kNanosPerSecond);
  EXPECT_EQ(read_grpc_timeout("99999999H"), base::kNever) << "more than 64 bits";
  for (const char* wrong : {"", "S", "1", "1s", "-1S", "1.5S", "123456789S", " 1S"}) {
    EXPECT_FALSE(read_grpc_timeout(wrong).has_value()) << wrong;
  }
}

TEST(GrpcFraming, TimeoutsAreWrittenWithEightDigitsAndNeverShorter) {
  EXPECT_EQ(grpc_timeout(0), "0n");
  EXPECT_EQ(grpc_timeout(99'999'999), "99999999n");
  EXPECT_EQ(grpc_timeout(100'000'001), "100001u");
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t nanos = random() >> (random() % 64);
    const std::string text = grpc_timeout(nanos);
    EXPECT_LE(text.size(), 9u);
    EXPECT_GE(read_grpc_timeout(text).value(), nanos) << text;
  }
}

TEST(GrpcFraming, MessagesAreEscapedAndBack) {
  EXPECT_EQ(escape_grpc_message("50 % of é\n"), "50 %25 of %C3%A9%0A");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(unescape_grpc_message(escape_grpc_message(all)), all);
}

TEST(GrpcFraming, WhatIsNoEscapeStaysAsItIs) {
  for (const char* text : {"%", "%4", "%zz", "100%", "%%", "a%4"}) EXPECT_EQ(unescape_grpc_message(text), text);
  EXPECT_EQ(unescape_grpc_message("%41%4"), "A%4");
  EXPECT_EQ(unescape_grpc_message("%41"), "A");
}

TEST(GrpcFraming, ContentTypes) {
  for (const char* type : {"application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"}) {
    EXPECT_TRUE(is_grpc_content_type(type)) << type;
  }
  for (const char* type : {"", "application/grpc-web", "application/grpcx", "application/json"}) {
    EXPECT_FALSE(is_grpc_content_type(type)) << type;
  }
}

}  // namespace
}  // namespace nanospan::net

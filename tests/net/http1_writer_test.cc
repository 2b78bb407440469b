#include "net/http1_writer.h"

#include <gtest/gtest.h>

namespace nanospan::net {
namespace {

TEST(Http1Writer, DatesAreThoseOfTheRfc) {
  EXPECT_EQ(http_date(784'111'777 * base::kNanosPerSecond), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110, 5.6.7
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(Http1Writer, AResponseHead) {
  const Response response{503, {{"Retry-After", "1"}, {"Connection", "upgrade"}, {"bad name", "x"}}, "body", false};
  EXPECT_EQ(response_head(response, true, "D"),
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nDate: D\r\nContent-Length: 4\r\nConnection: "
            "keep-alive\r\n\r\n");
  EXPECT_EQ(response_head({204, {}, "", false}, false, "D"),
            "HTTP/1.1 204 No Content\r\nDate: D\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(response_head({299, {}, "", false}, false, "D").substr(0, 15), "HTTP/1.1 299 \r\n")
      << "the space stays (RFC 9112, 4)";
}

TEST(Http1Writer, ARequestHead) {
  const Result<std::string> head = request_head("POST", "/v1/traces?x", "a:1", {{"X-A", "1"}}, 3);
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(*head, "POST /v1/traces?x HTTP/1.1\r\nHost: a:1\r\nX-A: 1\r\nContent-Length: 3\r\n\r\n");
}

TEST(Http1Writer, WhatWouldBreakARequestIsRefused) {
  struct Case {
    const char* method;
    const char* target;
    std::vector<Header> headers;
  };
  const Case cases[] = {{"", "/", {}},
                        {"GET /", "/", {}},
                        {"GET", "x", {}},
                        {"GET", "", {}},
                        {"GET", "/ x", {}},
                        {"GET", "/\r\nX: 1", {}},
                        {"GET", "/#x", {}},
                        {"GET", "/", {{"X A", "1"}}},
                        {"GET", "/", {{"X", "1\r\nY: 2"}}},
                        {"GET", "/", {{"content-length", "1"}}},
                        {"GET", "/", {{"Transfer-Encoding", "chunked"}}},
                        {"GET", "/", {{"HOST", "b"}}}};
  for (const Case& c : cases) {
    const Result<std::string> head = request_head(c.method, c.target, "a", c.headers, 0);
    ASSERT_FALSE(head.ok()) << c.method << " " << c.target;
    EXPECT_EQ(head.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Http1Writer, SomeStatusesNeverHaveABody) {
  for (const int status : {100, 103, 204, 304}) EXPECT_FALSE(may_have_body(status));
  for (const int status : {200, 400, 503}) EXPECT_TRUE(may_have_body(status));
}

}  // namespace
}  // namespace nanospan::net

#include "net/http1_head.h"

#include <gtest/gtest.h>

#include <span>
#include <string>

namespace nanospan::net {
namespace {

constexpr Http1Limits kHeadLimits{256, 1024, 8};

struct HeadCase {
  const char* why;
  std::string input;
  Http1Fault fault;
};

std::string post_head(const std::string& headers) {
  return "POST /v1/traces HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

/// The same fault in one piece and byte by byte, or the reader depends on how TCP cuts the stream.
void expect_faults(bool is_request, std::span<const HeadCase> cases) {
  for (const HeadCase& c : cases) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{5}, c.input.size()}) {
      HeadReader reader(is_request, kHeadLimits);
      for (std::size_t at = 0; at < c.input.size(); at += step) {
        std::string_view piece = std::string_view(c.input).substr(at, step);
        piece.remove_prefix(reader.feed(piece));
        if (reader.fault() != Http1Fault::kNone || reader.complete()) break;
        EXPECT_TRUE(piece.empty());
      }
      EXPECT_EQ(reader.fault(), c.fault) << c.why << ": " << describe(reader.fault());
    }
  }
}

// Everything that two parsers might read as two different messages.
TEST(HeadReader, RefusesWhatCouldSmuggle) {
  const HeadCase cases[] = {
      {"length and chunked", post_head("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
       Http1Fault::kLengthAndChunked},
      {"chunked and length", post_head("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"),
       Http1Fault::kLengthAndChunked},
      {"two lengths", post_head("Content-Length: 3\r\nContent-Length: 4\r\n"), Http1Fault::kBadContentLength},
      {"list of lengths", post_head("Content-Length: 3, 3\r\n"), Http1Fault::kBadContentLength},
      {"signed length", post_head("Content-Length: +3\r\n"), Http1Fault::kBadContentLength},
      {"negative length", post_head("Content-Length: -3\r\n"), Http1Fault::kBadContentLength},
      {"hex length", post_head("Content-Length: 0x3\r\n"), Http1Fault::kBadContentLength},
      {"length beyond 64 bits", post_head("Content-Length: 18446744073709551616\r\n"), Http1Fault::kBadContentLength},
      {"empty length", post_head("Content-Length:\r\n"), Http1Fault::kBadContentLength},
      {"chunked twice", post_head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       Http1Fault::kBadTransferEncoding},
      {"chunked in a list", post_head("Transfer-Encoding: chunked, chunked\r\n"), Http1Fault::kBadTransferEncoding},
      {"other coding", post_head("Transfer-Encoding: gzip, chunked\r\n"), Http1Fault::kBadTransferEncoding},
      {"misspelt chunked", post_head("Transfer-Encoding: xchunked\r\n"), Http1Fault::kBadTransferEncoding},
      {"vertical tab",
       post_head("Transfer-Encoding: \x0b"
                 "chunked\r\n"),
       Http1Fault::kBadField},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
       Http1Fault::kBadTransferEncoding},
      {"space before the colon", post_head("Content-Length : 3\r\n"), Http1Fault::kBadField},
      {"folded", post_head("X-A: 1\r\n 2\r\n"), Http1Fault::kObsFold},
      {"folded with a tab", post_head("X-A:\r\n\tchunked\r\n"), Http1Fault::kObsFold},
      {"folded after the start line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", Http1Fault::kObsFold},
      {"LF alone", "GET / HTTP/1.1\nHost: a\n\n", Http1Fault::kBareLineFeed},
      {"LF alone at a header", post_head("X-A: 1\nX-B: 2\r\n"), Http1Fault::kBareLineFeed},
      {"CR within a value", post_head("X-A: 1\rX-B: 2\r\n"), Http1Fault::kBadField},
      {"NUL within a value", post_head(std::string("X-A: 1\0", 7) + "\r\n"), Http1Fault::kBadField},
      {"NUL within a name", post_head(std::string("X\0A: 1", 6) + "\r\n"), Http1Fault::kBadField},
      {"no colon", post_head("nonsense\r\n"), Http1Fault::kBadField},
      {"no name", post_head(": 1\r\n"), Http1Fault::kBadField},
  };
  expect_faults(true, cases);
}

TEST(HeadReader, RefusesBadStartLinesHostsAndSizes) {
  const HeadCase cases[] = {
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00", 7), Http1Fault::kNotHttp},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Http1Fault::kBadVersion},
      {"HTTP/0.9", "GET /\r\n\r\n", Http1Fault::kBadStartLine},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Http1Fault::kBadStartLine},
      {"space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", Http1Fault::kBadStartLine},
      {"control in the target", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", Http1Fault::kBadStartLine},
      {"fragment in the target", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", Http1Fault::kBadStartLine},
      {"lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", Http1Fault::kBadStartLine},
      {"bad method", "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n", Http1Fault::kBadStartLine},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", Http1Fault::kBadHost},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Http1Fault::kBadHost},
      {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Http1Fault::kBadHost},
      {"unknown expectation", post_head("Expect: 200-ok\r\n"), Http1Fault::kBadExpectation},
      {"long start line", "GET /" + std::string(300, 'a') + " HTTP/1.1\r\n", Http1Fault::kStartLineTooLong},
      {"large head", post_head("X-A: " + std::string(1100, 'a') + "\r\n"), Http1Fault::kHeadTooLarge},
      {"many fields", post_head("A:1\r\nB:1\r\nC:1\r\nD:1\r\nE:1\r\nF:1\r\nG:1\r\nH:1\r\n"),
       Http1Fault::kTooManyFields},
  };
  expect_faults(true, cases);
}

TEST(HeadReader, RefusesWhatIsNoResponse) {
  const HeadCase cases[] = {
      {"HTTP/2 SETTINGS", std::string("\0\0\x06\x04\0\0\0\0\0", 9), Http1Fault::kNotHttp},
      {"SSH", "SSH-2.0-OpenSSH_9.2\r\n", Http1Fault::kNotHttp},
      {"a very long line of something else", std::string(5000, 'x'), Http1Fault::kNotHttp},
      {"HTTP/2", "HTTP/2 200\r\n\r\n", Http1Fault::kBadVersion},
      {"status of two digits", "HTTP/1.1 20 OK\r\n\r\n", Http1Fault::kBadStartLine},
      {"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", Http1Fault::kBadStartLine},
      {"length and chunked", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       Http1Fault::kLengthAndChunked},
  };
  expect_faults(false, cases);
}

TEST(HeadReader, TellsWhatTheMessageSays) {
  HeadReader reader(true, kHeadLimits);
  reader.feed(
      post_head("Expect: 100-Continue\r\nX-A: 1\r\nx-a: 2\r\nConnection: foo , Close\r\nContent-Length: 7\r\n"));
  ASSERT_TRUE(reader.complete());
  const MessageHead moved = reader.take();  // views must survive the move
  EXPECT_EQ(moved.method(), "POST");
  EXPECT_EQ(moved.target(), "/v1/traces");
  EXPECT_EQ(moved.headers.find("X-a"), "1");
  EXPECT_EQ(moved.headers.find("absent"), std::nullopt);
  EXPECT_TRUE(moved.expects_continue);
  EXPECT_FALSE(moved.keep_alive);
  EXPECT_EQ(moved.content_length, 7u);
}

TEST(HeadReader, KeepAliveFollowsVersionAndConnectionHeader) {
  const auto keep_alive = [](std::string_view start) {
    HeadReader reader(true, kHeadLimits);
    reader.feed(start);
    EXPECT_TRUE(reader.complete());
    return reader.head().keep_alive;
  };
  EXPECT_TRUE(keep_alive("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keep_alive("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keep_alive("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keep_alive("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
}

}  // namespace
}  // namespace nanospan::net

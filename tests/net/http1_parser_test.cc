#include "net/http1_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nanospan::net {
namespace {

using Role = Http1Parser::Role;
using Event = Http1Parser::Event;

constexpr Http1Limits kLimits{256, 1024, 8};

struct Outcome {
  std::vector<std::string> bodies;  // of the complete messages
  std::vector<std::string> paths;
  Http1Fault fault = Http1Fault::kNone;
  bool half = false;  // ended within a message
};

/// Parses `input` in pieces of `step` bytes, message after message.
Outcome parse(Role role, std::string_view input, std::size_t step, std::uint64_t body_limit = 1000) {
  Http1Parser parser(role, kLimits);
  Outcome outcome;
  std::string body;
  for (std::size_t at = 0; at <= input.size(); at += step) {
    std::string_view piece = input.substr(at, step);
    for (;;) {
      const Http1Parser::Step next = parser.next(piece);
      piece.remove_prefix(next.consumed);
      if (next.event == Event::kNeedMore) break;
      if (next.event == Event::kFault) {
        outcome.fault = parser.fault();
        return outcome;
      }
      if (next.event == Event::kHead) {
        parser.set_body_limit(body_limit);
        outcome.paths.emplace_back(parser.head().path());
      }
      if (next.event == Event::kBody) body += next.body;
      if (next.event == Event::kDone) {
        outcome.bodies.push_back(std::exchange(body, {}));
        parser.start_next();
        if (piece.empty()) break;
      }
    }
  }
  if (!parser.between_messages()) {
    outcome.half = !parser.end_of_stream();
    if (!outcome.half) outcome.bodies.push_back(body);
  }
  return outcome;
}

/// The same outcome in one piece and byte by byte, or the parser depends on how TCP cuts the stream.
Outcome parse_both_ways(Role role, std::string_view input, std::uint64_t body_limit = 1000) {
  const Outcome whole = parse(role, input, input.size() + 1, body_limit);
  for (const std::size_t step : {1u, 2u, 7u}) {
    const Outcome pieces = parse(role, input, step, body_limit);
    EXPECT_EQ(whole.fault, pieces.fault) << input;
    EXPECT_EQ(whole.bodies, pieces.bodies) << input;
    EXPECT_EQ(whole.half, pieces.half) << input;
  }
  return whole;
}

std::string post(const std::string& headers, const std::string& rest = "") {
  return "POST /v1/traces HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n" + rest;
}

TEST(Http1ParserRequests, WellFormed) {
  struct Case {
    const char* why;
    std::string input;
    std::vector<std::string> bodies;
  };
  const std::string chunked = post("Transfer-Encoding: chunked\r\n");
  const Case cases[] = {
      {"no body", post(""), {""}},
      {"Content-Length", post("Content-Length: 5\r\n", "hello"), {"hello"}},
      {"Content-Length 0", post("Content-Length: 0\r\n"), {""}},
      {"the same Content-Length twice (RFC 9112, 6.3)", post("Content-Length: 2\r\ncontent-length: 2\r\n", "ab"), {"ab"}},
      {"chunks", chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", {"abcde"}},
      {"chunk extension and trailer", chunked + "3;a=\"b\"\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n", {"abc"}},
      {"upper-case hex with leading zeros", chunked + "00A\r\n0123456789\r\n0\r\n\r\n", {"0123456789"}},
      {"pipelined", post("Content-Length: 1\r\n", "a") + post("") + post("Content-Length: 1\r\n", "b"), {"a", "", "b"}},
      {"empty line before (RFC 9112, 2.2)", "\r\n" + post(""), {""}},
      {"HTTP/1.0 needs no Host", "GET / HTTP/1.0\r\n\r\n", {""}},
      {"white space around values", post("Content-Length: \t 3 \t\r\n", "abc"), {"abc"}},
      {"empty value", post("X-Empty:\r\n"), {""}},
      {"obs-text in a value", post("X-Name: \xc3\xa9\r\n"), {""}},
      {"absolute form", "GET http://a/x?y HTTP/1.1\r\nHost: a\r\n\r\n", {""}},
  };
  for (const Case& c : cases) {
    const Outcome outcome = parse_both_ways(Role::kRequests, c.input);
    EXPECT_EQ(outcome.fault, Http1Fault::kNone) << c.why << ": " << describe(outcome.fault);
    EXPECT_EQ(outcome.bodies, c.bodies) << c.why;
    EXPECT_FALSE(outcome.half) << c.why;
  }
}

TEST(Http1ParserRequests, Refused) {
  struct Case {
    const char* why;
    std::string input;
    Http1Fault fault;
  };
  const std::string chunked = post("Transfer-Encoding: chunked\r\n");
  const Case cases[] = {
      // Smuggling: everything that two parsers might read as two different messages.
      {"length and chunked", post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), Http1Fault::kLengthAndChunked},
      {"chunked and length", post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), Http1Fault::kLengthAndChunked},
      {"two lengths", post("Content-Length: 3\r\nContent-Length: 4\r\n"), Http1Fault::kBadContentLength},
      {"list of lengths", post("Content-Length: 3, 3\r\n"), Http1Fault::kBadContentLength},
      {"signed length", post("Content-Length: +3\r\n"), Http1Fault::kBadContentLength},
      {"negative length", post("Content-Length: -3\r\n"), Http1Fault::kBadContentLength},
      {"hex length", post("Content-Length: 0x3\r\n"), Http1Fault::kBadContentLength},
      {"length beyond 64 bits", post("Content-Length: 18446744073709551616\r\n"), Http1Fault::kBadContentLength},
      {"empty length", post("Content-Length:\r\n"), Http1Fault::kBadContentLength},
      {"chunked twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), Http1Fault::kBadTransferEncoding},
      {"chunked in a list", post("Transfer-Encoding: chunked, chunked\r\n"), Http1Fault::kBadTransferEncoding},
      {"other coding", post("Transfer-Encoding: gzip, chunked\r\n"), Http1Fault::kBadTransferEncoding},
      {"misspelt chunked", post("Transfer-Encoding: xchunked\r\n"), Http1Fault::kBadTransferEncoding},
      {"vertical tab", post("Transfer-Encoding: \x0b" "chunked\r\n"), Http1Fault::kBadField},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", Http1Fault::kBadTransferEncoding},
      {"space before the colon", post("Content-Length : 3\r\n"), Http1Fault::kBadField},
      {"folded", post("X-A: 1\r\n 2\r\n"), Http1Fault::kObsFold},
      {"folded with a tab", post("X-A:\r\n\tchunked\r\n"), Http1Fault::kObsFold},
      {"folded after the start line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", Http1Fault::kObsFold},
      {"LF alone", "GET / HTTP/1.1\nHost: a\n\n", Http1Fault::kBareLineFeed},
      {"LF alone at a header", post("X-A: 1\nX-B: 2\r\n"), Http1Fault::kBareLineFeed},
      {"CR within a value", post("X-A: 1\rX-B: 2\r\n"), Http1Fault::kBadField},
      {"NUL within a value", post(std::string("X-A: 1\0", 7) + "\r\n"), Http1Fault::kBadField},
      {"NUL within a name", post(std::string("X\0A: 1", 6) + "\r\n"), Http1Fault::kBadField},
      {"chunk size with a sign", chunked + "+3\r\nabc\r\n", Http1Fault::kBadChunk},
      {"chunk size with 0x", chunked + "0x3\r\nabc\r\n", Http1Fault::kBadChunk},
      {"chunk size with a space", chunked + "3 \r\nabc\r\n", Http1Fault::kBadChunk},
      {"chunk size beyond 64 bits", chunked + "10000000000000003\r\nabc\r\n", Http1Fault::kBadChunk},
      {"no chunk size", chunked + "\r\nabc\r\n", Http1Fault::kBadChunk},
      {"chunk longer than its size", chunked + "3\r\nabcd\r\n", Http1Fault::kBadChunk},
      {"chunk data ends in LF alone", chunked + "3\r\nabc\n0\r\n\r\n", Http1Fault::kBareLineFeed},
      {"chunk size ends in LF alone", chunked + "3\nabc\r\n", Http1Fault::kBareLineFeed},
      {"control character in an extension", chunked + "3;a=\x01\r\nabc\r\n", Http1Fault::kBadChunk},
      {"endless chunk extension", chunked + "3;" + std::string(300, 'a') + "\r\n", Http1Fault::kBadChunk},
      {"malformed trailer", chunked + "0\r\nbad trailer\r\n\r\n", Http1Fault::kBadField},
      // Start line and Host.
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
      {"unknown expectation", post("Expect: 200-ok\r\n"), Http1Fault::kBadExpectation},
      {"no colon", post("nonsense\r\n"), Http1Fault::kBadField},
      {"no name", post(": 1\r\n"), Http1Fault::kBadField},
      // Limits of this test: 256 bytes of start line, 1024 of head, 8 fields, 1000 of body.
      {"long start line", "GET /" + std::string(300, 'a') + " HTTP/1.1\r\n", Http1Fault::kStartLineTooLong},
      {"large head", post("X-A: " + std::string(1100, 'a') + "\r\n"), Http1Fault::kHeadTooLarge},
      {"many fields", post("A:1\r\nB:1\r\nC:1\r\nD:1\r\nE:1\r\nF:1\r\nG:1\r\nH:1\r\n"), Http1Fault::kTooManyFields},
      {"large body", post("Content-Length: 1001\r\n"), Http1Fault::kBodyTooLarge},
      {"large chunk", chunked + "3e9\r\n", Http1Fault::kBodyTooLarge},
      {"chunks too large together", chunked + "3e0\r\n" + std::string(992, 'a') + "\r\n9\r\n", Http1Fault::kBodyTooLarge},
      {"chunk sizes that overflow together", chunked + "1\r\na\r\nffffffffffffffff\r\n", Http1Fault::kBodyTooLarge},
      {"large trailer", chunked + "0\r\nX-A: " + std::string(1100, 'a') + "\r\n\r\n", Http1Fault::kHeadTooLarge},
  };
  for (const Case& c : cases) {
    const Outcome outcome = parse_both_ways(Role::kRequests, c.input);
    EXPECT_EQ(outcome.fault, c.fault) << c.why << ": " << describe(outcome.fault);
    EXPECT_TRUE(outcome.bodies.empty()) << c.why;
  }
}

TEST(Http1ParserRequests, EveryPrefixOfARequestIsIncomplete) {
  const std::string whole = post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Outcome outcome = parse_both_ways(Role::kRequests, whole.substr(0, size));
    EXPECT_EQ(outcome.fault, Http1Fault::kNone) << size;
    EXPECT_TRUE(outcome.half) << size;
  }
}

TEST(Http1ParserResponses, WellFormed) {
  struct Case {
    const char* why;
    std::string input;
    std::vector<std::string> bodies;
  };
  const Case cases[] = {
      {"with a length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", {"ab"}},
      {"until the close", "HTTP/1.1 200 OK\r\n\r\nabc", {"abc"}},
      {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", {"a"}},
      {"no reason phrase", "HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n", {""}},
      {"204 never has a body", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", {""}},
      {"interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", {"", "a"}},
  };
  for (const Case& c : cases) {
    const Outcome outcome = parse_both_ways(Role::kResponses, c.input);
    EXPECT_EQ(outcome.fault, Http1Fault::kNone) << c.why << ": " << describe(outcome.fault);
    EXPECT_EQ(outcome.bodies, c.bodies) << c.why;
  }
}

TEST(Http1ParserResponses, Refused) {
  struct Case {
    const char* why;
    std::string input;
    Http1Fault fault;
  };
  const Case cases[] = {
      {"HTTP/2 SETTINGS", std::string("\0\0\x06\x04\0\0\0\0\0", 9), Http1Fault::kNotHttp},
      {"SSH", "SSH-2.0-OpenSSH_9.2\r\n", Http1Fault::kNotHttp},
      {"a very long line of something else", std::string(5000, 'x'), Http1Fault::kNotHttp},
      {"HTTP/2", "HTTP/2 200\r\n\r\n", Http1Fault::kBadVersion},
      {"status of two digits", "HTTP/1.1 20 OK\r\n\r\n", Http1Fault::kBadStartLine},
      {"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", Http1Fault::kBadStartLine},
      {"until the close, too large", "HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'a'), Http1Fault::kBodyTooLarge},
      {"length and chunked", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       Http1Fault::kLengthAndChunked},
  };
  for (const Case& c : cases) {
    const Outcome outcome = parse_both_ways(Role::kResponses, c.input);
    EXPECT_EQ(outcome.fault, c.fault) << c.why << ": " << describe(outcome.fault);
  }
}

TEST(Http1ParserTest, HeadTellsWhatTheMessageSays) {
  Http1Parser parser(Role::kRequests, kLimits);
  ASSERT_EQ(parser.next(post("Expect: 100-Continue\r\nX-A: 1\r\nx-a: 2\r\nConnection: foo , Close\r\nContent-Length: 7\r\n")).event,
            Event::kHead);
  const MessageHead moved = parser.take_head();  // views must survive the move
  EXPECT_EQ(moved.method(), "POST");
  EXPECT_EQ(moved.target(), "/v1/traces");
  EXPECT_EQ(moved.headers.find("X-a"), "1");
  EXPECT_EQ(moved.headers.find("absent"), std::nullopt);
  EXPECT_TRUE(moved.expects_continue);
  EXPECT_FALSE(moved.keep_alive);
  EXPECT_EQ(moved.content_length, 7u);
}

TEST(Http1ParserTest, KeepAliveFollowsVersionAndConnectionHeader) {
  const auto keep_alive = [](std::string_view start) {
    Http1Parser parser(Role::kRequests, kLimits);
    EXPECT_EQ(parser.next(start).event, Event::kHead);
    return parser.head().keep_alive;
  };
  EXPECT_TRUE(keep_alive("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keep_alive("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keep_alive("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keep_alive("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
}

TEST(Http1ParserTest, TheCallerMayReceiveBodyBytesItself) {
  Http1Parser parser(Role::kRequests, kLimits);
  ASSERT_EQ(parser.next(post("Transfer-Encoding: chunked\r\n")).event, Event::kHead);
  EXPECT_EQ(parser.next("5\r\n").event, Event::kNeedMore);
  EXPECT_EQ(parser.contiguous_body_left(), 5u);
  parser.body_received(2);
  EXPECT_EQ(parser.contiguous_body_left(), 3u);
  parser.body_received(3);
  EXPECT_EQ(parser.contiguous_body_left(), 0u);
  EXPECT_EQ(parser.next("\r\n0\r\n\r\n").event, Event::kDone);
}

}  // namespace
}  // namespace nanospan::net

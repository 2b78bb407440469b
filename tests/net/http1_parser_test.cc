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
      {"the same Content-Length twice (RFC 9112, 6.3)",
       post("Content-Length: 2\r\ncontent-length: 2\r\n", "ab"),
       {"ab"}},
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
      {"large body", post("Content-Length: 1001\r\n"), Http1Fault::kBodyTooLarge},
      {"large chunk", chunked + "3e9\r\n", Http1Fault::kBodyTooLarge},
      {"chunks too large together", chunked + "3e0\r\n" + std::string(992, 'a') + "\r\n9\r\n",
       Http1Fault::kBodyTooLarge},
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

TEST(Http1ParserResponses, ABodyUntilTheCloseIsLimitedToo) {
  const Outcome outcome = parse_both_ways(Role::kResponses, "HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'a'));
  EXPECT_EQ(outcome.fault, Http1Fault::kBodyTooLarge);
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

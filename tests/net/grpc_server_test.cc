// gRPC on the server: what a call must be, how it is refused, and its neighbours on the port.
#include "net/grpc_server.h"

#include <gmock/gmock.h>

#include "tests/net/grpc_fixture.h"
#include "tests/net/http2_peer.h"

namespace nanospan::net {
namespace {

using ::testing::HasSubstr;

class GrpcServerTest : public GrpcTest {
 protected:
  void SetUp() override { start_server(); }
  /// Sends one request by hand and waits for the end of its answer.
  Recorder::Stream exchange(std::vector<Http2Fields::Field> extra, std::string body,
                            std::string_view path = kEchoPath) {
    Http2Peer peer(port_);
    const StreamId id = peer.request(std::move(extra), std::move(body), path);
    EXPECT_TRUE(run_until([&] {
      peer.pump();
      return peer.events.streams[id].closes == 1;
    }));
    return peer.events.streams[id];
  }
  /// grpc-status, wherever it is.
  static std::string status_of(const Recorder::Stream& stream) {
    for (const auto& block : stream.headers) {
      if (const auto found = block.find("grpc-status"); found != block.end()) return found->second;
    }
    return "none";
  }
  static std::string framed(std::string_view message, bool compressed = false) {
    const std::array<char, 5> prefix = grpc_prefix(message.size(), compressed);
    return std::string(prefix.data(), prefix.size()).append(message);
  }
  static constexpr Http2Fields::Field kGrpc{"content-type", "application/grpc"};
};

TEST_F(GrpcServerTest, ACallHasHeadersAMessageAndTrailers) {
  const Recorder::Stream stream = exchange({kGrpc, {"te", "trailers"}}, framed("hi"));
  ASSERT_EQ(stream.headers.size(), 2u);
  EXPECT_EQ(stream.headers[0].at(":status"), "200");
  EXPECT_EQ(stream.headers[0].at("content-type"), "application/grpc");
  EXPECT_FALSE(stream.headers[0].contains("content-length"));
  EXPECT_EQ(stream.body, framed("echo:hi"));
  EXPECT_EQ(stream.headers[1].at("grpc-status"), "0");
}

TEST_F(GrpcServerTest, AFailureIsTrailersOnly) {
  const Recorder::Stream stream = exchange({kGrpc}, framed("hi"), "/test.Echo/Other");
  ASSERT_EQ(stream.headers.size(), 1u);
  EXPECT_EQ(stream.headers[0].at(":status"), "200");
  EXPECT_EQ(stream.headers[0].at("grpc-status"), "12");
  EXPECT_EQ(stream.headers[0].at("grpc-message"), "unknown method");
  EXPECT_EQ(stream.body, "");
}

TEST_F(GrpcServerTest, OtherRequestsGoToTheOtherHandler) {
  const Recorder::Stream stream = exchange({{"content-type", "text/plain"}}, "hello", "/x");
  EXPECT_EQ(stream.headers.at(0).at(":status"), "200");
  EXPECT_EQ(stream.body, "got 5");
  EXPECT_EQ(service_->messages, 0);
}

TEST_F(GrpcServerTest, WithoutAnotherHandlerTheyAre415) {
  server_.reset();
  settle();
  other_ = nullptr;
  start_server();
  EXPECT_EQ(exchange({{"content-type", "text/plain"}}, "hello").headers.at(0).at(":status"), "415");
  EXPECT_EQ(exchange({}, "hello").headers.at(0).at(":status"), "415");
}

TEST_F(GrpcServerTest, GrpcOverHttp1IsRefused) {
  RawPeer peer(port_);
  peer.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(run_until([&] {
    peer.receive();
    return peer.count("HTTP/1.1 505") == 1;
  }));
}

TEST_F(GrpcServerTest, AnEncodingThatIsNotHereIsUnimplementedAndTheOthersAreNamed) {
  const Recorder::Stream stream = exchange({kGrpc, {"grpc-encoding", "br"}}, framed("x", true));
  EXPECT_EQ(status_of(stream), "12");
  EXPECT_EQ(stream.headers[0].at("grpc-accept-encoding"), "identity,gzip");
}

TEST_F(GrpcServerTest, ACompressedMessageIsHandedOverAsItIs) {
  bool compressed = false;
  service_->handle = [&](Request request, GrpcResponder responder) {
    compressed = request.compressed;
    responder.succeed(request.body.view());
  };
  EXPECT_EQ(exchange({kGrpc, {"grpc-encoding", "gzip"}}, framed("zzz", true)).body, framed("zzz"));
  EXPECT_TRUE(compressed);
}

TEST_F(GrpcServerTest, MessagesThatBreakTheFramingAreInternal) {
  EXPECT_EQ(status_of(exchange({kGrpc}, "")), "13") << "no message";
  EXPECT_EQ(status_of(exchange({kGrpc}, framed("abcdef").substr(0, 8))), "13") << "cut off";
  EXPECT_EQ(status_of(exchange({kGrpc}, framed("a") + framed("b"))), "13") << "two";
  EXPECT_EQ(status_of(exchange({kGrpc}, framed("a", true))), "13") << "compressed, without an encoding";
  EXPECT_EQ(status_of(exchange({kGrpc}, std::string("\x07\0\0\0\1a", 6))), "13") << "a flag that is none";
  EXPECT_EQ(service_->messages, 0);
  ASSERT_EQ(service_->refusals.size(), 5u);
  for (const auto& refusal : service_->refusals) EXPECT_EQ(refusal.first, 400);
}

// What the service counts it by: two of HTTP's reasons share a code of gRPC.
TEST_F(GrpcServerTest, TheServiceIsToldWhatHttpCallsIt) {
  EXPECT_EQ(status_of(exchange({kGrpc, {"grpc-encoding", "br"}}, framed("x", true))), "12");
  EXPECT_EQ(status_of(exchange({kGrpc, {"x-long", std::string(40'000, 'x')}}, framed("x"))), "8");
  service_->message_bytes_max = 1000;
  EXPECT_EQ(status_of(exchange({kGrpc}, framed(std::string(1001, 'x')))), "8");
  service_->handle = [](Request, GrpcResponder) {};
  EXPECT_EQ(status_of(exchange({kGrpc}, framed("x"))), "2");
  using ::testing::ElementsAre;
  using ::testing::Pair;
  EXPECT_THAT(service_->refusals,
              ElementsAre(Pair(415, "grpc-encoding is not supported here; send identity,gzip"),
                          Pair(431, "the headers are larger than 32768 bytes in all; send fewer or shorter ones"),
                          Pair(413, "the body is larger than 1000 bytes; send smaller ones"),
                          Pair(500, "the request was not answered")));
}

TEST_F(GrpcServerTest, AMessageAboveTheLimitIsResourceExhaustedBeforeItIsHere) {
  service_->message_bytes_max = 1000;
  EXPECT_EQ(status_of(exchange({kGrpc}, framed(std::string(1001, 'x')))), "8");
  EXPECT_EQ(status_of(exchange({kGrpc}, framed(std::string(1000, 'x')))), "0");
}

TEST_F(GrpcServerTest, WithoutMemoryItIsUnavailable) {
  Ledger ledger;
  ledger.limit = 10;
  service_->decide = [&](const MessageHead&) {
    return GrpcService::Decision{{}, 1000, std::make_unique<TestTicket>(ledger)};
  };
  EXPECT_EQ(status_of(exchange({kGrpc}, framed(std::string(11, 'x')))), "14");
  EXPECT_EQ(ledger.tickets, 0);
}

TEST_F(GrpcServerTest, ACallThatIsNotAPostIsRefused) {
  Http2Peer peer(port_);
  const std::vector<Http2Fields::Field> fields = {{":method", "GET"},
                                                  {":scheme", "http"},
                                                  {":path", kEchoPath},
                                                  {":authority", "a"},
                                                  {"content-type", "application/grpc"}};
  const StreamId id = *peer.session().request(fields, {});
  ASSERT_TRUE(run_until([&] {
    peer.pump();
    return peer.events.streams[id].closes == 1;
  }));
  EXPECT_EQ(status_of(peer.events.streams[id]), "13");
}

TEST_F(GrpcServerTest, ACallThatNobodyAnswersInItsTimeoutIsDeadlineExceeded) {
  std::vector<GrpcResponder> held;
  service_->handle = [&](Request, GrpcResponder responder) { held.push_back(std::move(responder)); };
  Http2Peer peer(port_);
  const StreamId id = peer.request({kGrpc, {"grpc-timeout", "200m"}}, framed("x"), kEchoPath);
  ASSERT_TRUE(run_until([&] {
    peer.pump();
    return held.size() == 1;
  }));
  advance(200 * kMillis - 1);
  peer.pump();
  EXPECT_EQ(peer.events.streams[id].closes, 0);
  advance(1);
  ASSERT_TRUE(run_until([&] {
    peer.pump();
    return peer.events.streams[id].closes == 1;
  }));
  EXPECT_EQ(status_of(peer.events.streams[id]), "4");
  EXPECT_EQ(counters().answer_deadlines, 1u);
  held[0].succeed("too late");
  EXPECT_EQ(counters().answers_too_late, 1u);
}

TEST_F(GrpcServerTest, AResponderThatIsDroppedIsUnknown) {
  service_->handle = [](Request, GrpcResponder) {};
  EXPECT_EQ(status_of(exchange({kGrpc}, framed("x"))), "2");
}

TEST_F(GrpcServerTest, TextOfAFailureIsCutAndEscaped) {
  const Response response = grpc_failure({GrpcCode::kInternal, std::string(5000, '\n'), "d"});
  EXPECT_EQ(find_header(response.headers, "grpc-message")->size(), 3 * 1024u);
  EXPECT_EQ(find_header(response.headers, "grpc-status-details-bin"), "ZA");
}

}  // namespace
}  // namespace nanospan::net

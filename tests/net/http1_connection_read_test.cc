// What a server does with peers that are slow, broken or mean it ill: a precise answer, a counter, no harm to others.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/net/http_server_fixture.h"

namespace nanospan::net {
namespace {

TEST_F(HttpServerTest, RefusesMalformedRequestsAndClosesInOrder) {
  struct Case {
    std::string bytes;
    std::string answer;
  };
  const std::string start_of_post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const Case cases[] = {
      {start_of_post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "400 Bad Request"},
      {start_of_post + "Content-Length: 3\r\nContent-Length: 5\r\n\r\n", "400 Bad Request"},
      {start_of_post + "Transfer-Encoding: gzip\r\n\r\n", "501 Not Implemented"},
      {start_of_post + "X: 1\r\n folded\r\n\r\n", "400 Bad Request"},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", 10), "400 Bad Request"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 HTTP Version Not Supported"},
      {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n", "414 URI Too Long"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(40'000, 'a') + "\r\n", "431 Request Header Fields Too Large"},
      {start_of_post + "Content-Length: 1048577\r\n\r\n", "413 Content Too Large"},
      {start_of_post + "Transfer-Encoding: chunked\r\n\r\n100001\r\n", "413 Content Too Large"},
      {start_of_post + "Expect: magic\r\nContent-Length: 1\r\n\r\n", "417 Expectation Failed"},
  };
  start();
  for (const Case& c : cases) {
    RawPeer peer(server_->port());
    peer.send(c.bytes);
    ASSERT_TRUE(ends(peer)) << c.answer;
    EXPECT_EQ(peer.received().substr(0, 9 + c.answer.size()), "HTTP/1.1 " + c.answer);
    EXPECT_EQ(peer.count("\r\nDate: "), 1u) << "nothing after the refusal is taken for a request";
    EXPECT_FALSE(peer.was_reset()) << c.answer;
  }
  EXPECT_TRUE(handler_->bodies.empty());
  EXPECT_EQ(counters().refused_malformed, 7u);
  EXPECT_EQ(counters().refused_head_too_large, 2u);
  EXPECT_EQ(counters().refused_body_too_large, 2u);
}

TEST_F(HttpServerTest, ASmuggledSecondRequestIsNeverServed) {
  start();
  RawPeer peer(server_->port());
  peer.send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(ends(peer));
  EXPECT_TRUE(handler_->targets.empty());
}

TEST_F(HttpServerTest, SlowLorisIsClosedWhenItsHeadTakesTooLong) {
  start();
  RawPeer loris(server_->port());
  loris.send("GET / HTTP/1.1\r\nHost: a\r\n");
  for (int i = 0; i < 9; ++i) {
    advance(kSeconds);
    loris.send("X-A: 1\r\n");  // trickling does not buy time
  }
  loris.receive();
  EXPECT_FALSE(loris.ended());
  advance(2 * kSeconds);
  ASSERT_TRUE(ends(loris));
  EXPECT_EQ(loris.count("408 Request Timeout"), 1u);
  EXPECT_EQ(loris.count("the request's headers were not complete within 10 s"), 1u);
  EXPECT_EQ(counters().closed_head_slow, 1u);
}

TEST_F(HttpServerTest, ABodyBelowTheLowestPaceIsClosedAndItsTicketReturned) {
  options_.body_bytes_per_second_min = 1000;
  options_.body_grace_nanos = 5 * kSeconds;
  charge_bodies();
  start();
  RawPeer slow(server_->port()), steady(server_->port());
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";
  slow.send(head);
  steady.send(head);
  for (int second = 0; second < 60; ++second) {
    advance(kSeconds);
    slow.send(std::string(100, 'x'));
    steady.send(std::string(1100, 'x'));
  }
  settle();
  slow.receive();
  steady.receive();
  EXPECT_EQ(slow.count("408 Request Timeout"), 1u);
  EXPECT_EQ(slow.count("less than 1000 bytes a second; send smaller or compressed bodies"), 1u);
  EXPECT_FALSE(steady.ended());
  EXPECT_EQ(counters().closed_body_slow, 1u);
  EXPECT_EQ(ledger_.tickets, 1);
}

TEST_F(HttpServerTest, IdleConnectionsAreClosedWithoutAWord) {
  start();
  RawPeer never(server_->port()), once(server_->port());
  once.send(post("a"));
  ASSERT_TRUE(gets(once, "got 1"));
  advance(61 * kSeconds);
  ASSERT_TRUE(ends(never));
  ASSERT_TRUE(ends(once));
  EXPECT_EQ(never.received(), "");
  EXPECT_EQ(counters().closed_idle, 2u);
}

TEST_F(HttpServerTest, APeerThatDoesNotReadItsAnswerIsClosed) {
  handler_->handle = [](Request, Responder responder) {
    responder.respond({200, {}, std::string(20'000'000, 'x'), false});
  };
  start();
  RawPeer peer(server_->port());
  peer.send(post("a"));
  advance(29 * kSeconds);
  EXPECT_EQ(counters().connections_open, 1u);
  advance(2 * kSeconds);
  EXPECT_EQ(counters().connections_open, 0u);
  EXPECT_EQ(counters().closed_write_slow, 1u);
}

TEST_F(HttpServerTest, PeersThatLeaveAreCountedByWhereTheyWere) {
  charge_bodies();
  start();
  RawPeer in_head(server_->port()), in_body(server_->port()), resets(server_->port()), between(server_->port());
  in_head.send("POST / HT");
  in_body.send(post(std::string(1000, 'x')).substr(0, 500));
  resets.send(post(std::string(1000, 'x')).substr(0, 500));
  settle();
  EXPECT_EQ(ledger_.tickets, 2);
  in_head.close();
  in_body.finish_sending();
  resets.reset();
  between.close();
  ASSERT_TRUE(run_until([&] { return counters().connections_open == 0; }));
  EXPECT_EQ(counters().closed_by_peer_in_head, 1u);
  EXPECT_EQ(counters().closed_by_peer_in_body, 2u);
  EXPECT_EQ(ledger_.tickets, 0);
}

TEST_F(HttpServerTest, APeerThatFinishedSendingStillGetsItsAnswer) {
  start();
  RawPeer peer(server_->port());
  peer.send(post("hello"));
  peer.finish_sending();
  ASSERT_TRUE(ends(peer));
  EXPECT_EQ(peer.count("got 5"), 1u);
}

TEST_F(HttpServerTest, ATicketThatRefusesToGrowIsA503) {
  ledger_.limit = 50'000;
  charge_bodies();
  start();
  RawPeer peer(server_->port());
  peer.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 10; ++i) {
    peer.send("2710\r\n" + std::string(10'000, 'x') + "\r\n");
    settle();
  }
  ASSERT_TRUE(ends(peer));
  EXPECT_EQ(peer.count("503 Service Unavailable"), 1u);
  EXPECT_EQ(counters().refused_ticket, 1u);
  EXPECT_EQ(ledger_.tickets, 0);
}

// 26 sockets with "Content-Length: 20000000" and 1000 bytes each took a budget of 512 MiB from everyone else.
TEST_F(HttpServerTest, ADeclaredLengthTakesMemoryOnlyInStepWithItsBytes) {
  charge_bodies();
  handler_->body_bytes_max = 20'000'000;
  start();
  RawPeer peer(server_->port());
  peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  for (std::size_t sent = 0; sent < 1'000'000; sent += 1000) {
    peer.send(std::string(1000, 'x'));
    if (sent % 50'000 != 0) continue;
    settle();
    ASSERT_LE(ledger_.largest, 2 * (sent + 1000) + kBodyBytesFirst);
  }
  ASSERT_TRUE(gets(peer, "got 1000000"));
  EXPECT_EQ(ledger_.largest, 1'000'000u);
}

TEST_F(HttpServerTest, MemoryThatEndsInTheMiddleOfADeclaredBodyIsA503AndAShortRestKeepsTheConnection) {
  options_.skip_body_bytes_max = 950'000;
  ledger_.limit = 200'000;
  charge_bodies();
  handler_->body_bytes_max = 20'000'000;
  start();
  RawPeer near(server_->port()), far(server_->port());
  near.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  far.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
  for (int i = 0; i < 100; ++i) {
    near.send(std::string(10'000, 'x'));
    far.send(std::string(10'000, 'x'));
    settle();
  }
  ASSERT_TRUE(ends(far));
  EXPECT_EQ(far.count("503 Service Unavailable"), 1u);
  EXPECT_EQ(far.count("Connection: close"), 1u);
  EXPECT_FALSE(far.was_reset());
  near.send(post("next"));
  ASSERT_TRUE(gets(near, "got 4"));
  EXPECT_EQ(near.count("503 Service Unavailable"), 1u);
  EXPECT_EQ(near.count("Connection: close"), 0u);
  EXPECT_EQ(counters().refused_ticket, 2u);
  EXPECT_EQ(ledger_.tickets, 0);
}

TEST_F(HttpServerTest, RefusalsNameTheLimitAndTls) {
  options_.head_bytes_max = 1000;
  start();
  handler_->body_bytes_max = 100;
  RawPeer large(server_->port()), tls(server_->port()), body(server_->port());
  large.send("POST / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'x') + "\r\n\r\n");
  ASSERT_TRUE(ends(large));
  EXPECT_EQ(large.count("the headers are larger than 1000 bytes in all; send fewer or shorter ones"), 1u);
  tls.send(std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  ASSERT_TRUE(ends(tls));
  EXPECT_EQ(tls.count("the client speaks TLS, this port does not"), 1u);
  body.send(post(std::string(101, 'x')));
  ASSERT_TRUE(gets(body, "the body is larger than 100 bytes; send smaller ones"));
}

/// Operations come in every size, and fail to be whole, on streams that are not plain sockets.
TEST_F(HttpServerTest, ShortReadsAndWritesChangeNothing) {
  class Stingy final : public ByteStream {
   public:
    explicit Stingy(std::unique_ptr<ByteStream> inner) : inner_(std::move(inner)) {}
    int fd() const override { return inner_->fd(); }
    IoResult read(std::span<const iovec> into) override {
      const iovec one{into[0].iov_base, std::min<std::size_t>(into[0].iov_len, 3)};
      return inner_->read({&one, 1});
    }
    IoResult write(std::span<const iovec> from) override {
      if (++writes_ % 3 == 0) return {IoResult::State::kWouldBlock, 0, 0};
      for (const iovec& piece : from) {
        if (piece.iov_len == 0) continue;
        const iovec one{piece.iov_base, 1};
        return inner_->write({&one, 1});
      }
      return {};
    }
    void finish_writing() override { inner_->finish_writing(); }

   private:
    const std::unique_ptr<ByteStream> inner_;
    int writes_ = 0;
  };
  options_.make_stream = [](Fd fd) -> std::unique_ptr<ByteStream> {
    return std::make_unique<Stingy>(make_socket_stream(std::move(fd)));
  };
  start();
  RawPeer peer(server_->port());
  peer.send(post("hello") + "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  ASSERT_TRUE(gets(peer, "got 3"));
  EXPECT_EQ(handler_->bodies, (std::vector<std::string>{"hello", "abc"}));
}

TEST_F(HttpServerTest, PipelinedInputIsChargedWhileItIsKept) {
  Responder held;
  handler_->handle = [&](Request, Responder responder) { held = std::move(responder); };
  std::size_t kept = 0;
  handler_->keep_input = [&](std::size_t bytes, std::unique_ptr<BodyTicket>& ticket) {
    kept = bytes;
    ticket = std::make_unique<TestTicket>(ledger_);
    return true;
  };
  start();
  RawPeer peer(server_->port());
  peer.send(post("one") + post("second"));
  ASSERT_TRUE(run_until([&] { return handler_->bodies.size() == 1; }));
  EXPECT_EQ(kept, post("second").size());
  EXPECT_EQ(ledger_.tickets, 1);
  handler_->handle = nullptr;
  held.respond({200, {}, "first", false});
  ASSERT_TRUE(gets(peer, "got 6"));
  EXPECT_EQ(ledger_.tickets, 0);
}

TEST_F(HttpServerTest, PipelinedInputWithoutMemoryIsRefusedAfterTheAnswerBeforeIt) {
  handler_->keep_input = [](std::size_t, std::unique_ptr<BodyTicket>&) { return false; };
  start();
  for (const bool later : {false, true}) {
    Responder held;
    if (later) handler_->handle = [&](Request, Responder responder) { held = std::move(responder); };
    RawPeer peer(server_->port());
    const std::size_t before = handler_->bodies.size();
    peer.send(post("one") + post("two"));
    ASSERT_TRUE(run_until([&] { return handler_->bodies.size() == before + 1; }));
    if (later) held.respond({200, {}, "got 3", false});
    ASSERT_TRUE(ends(peer));
    EXPECT_TRUE(peer.received().starts_with("HTTP/1.1 200 OK"));
    EXPECT_EQ(peer.count("HTTP/1.1 503 Service Unavailable"), 1u);
    EXPECT_EQ(handler_->bodies.size(), before + 1);
  }
  EXPECT_EQ(counters().refused_ticket, 2u);
}

// What came of the body with its head was to be kept, for which there is no memory in an overload: so the connection
// was closed after an answer that had promised to keep it, and the sender's next request broke.
TEST_F(HttpServerTest, ARefusedBodyTakesNoMemoryAndTheConnectionIsKeptAsPromised) {
  handler_->keep_input = [](std::size_t, std::unique_ptr<BodyTicket>&) { return false; };
  handler_->admit = [](const MessageHead&) { return Admission::answer({503, {}, "later", false}); };
  start();
  RawPeer peer(server_->port());
  const std::string inner = "GET /inner HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t i = 1; i <= 20; ++i) {
    peer.send(post(inner + std::string(10 * i, 'x')));  // in one piece: head and body are read at once
    ASSERT_TRUE(gets(peer, "later", i)) << i;
  }
  settle();
  peer.receive();
  EXPECT_FALSE(peer.ended());
  EXPECT_EQ(peer.count("Connection: close"), 0u);
  EXPECT_EQ(counters().requests, 20u) << "nothing inside of a body is a request";
  EXPECT_EQ(counters().refused_ticket, 0u);
}

TEST_F(HttpServerTest, TheRestOfARefusedBodyComesAtTheLowestPaceOrTheConnectionIsClosed) {
  options_.body_bytes_per_second_min = 1000;
  options_.body_grace_nanos = 5 * kSeconds;
  handler_->admit = [](const MessageHead&) { return Admission::answer({503, {}, "later", false}); };
  start();
  RawPeer slow(server_->port()), steady(server_->port());
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 66000\r\n\r\n";
  slow.send(head);
  steady.send(head);
  for (int second = 0; second < 60; ++second) {
    slow.send(std::string(100, 'x'));
    steady.send(std::string(1100, 'x'));
    advance(kSeconds);
  }
  EXPECT_EQ(counters().closed_body_slow, 1u);
  steady.send(post("again"));
  ASSERT_TRUE(gets(steady, "later", 2));
}

}  // namespace
}  // namespace nanospan::net

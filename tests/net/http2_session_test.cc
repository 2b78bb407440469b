// Two sessions against each other over a network that delivers what and when the test says; and frames by hand.
#include "net/http2_session.h"

#include <gmock/gmock.h>

#include <random>

#include "tests/net/http2_peer.h"

namespace nanospan::net {
namespace {

using ::testing::HasSubstr;

/// A client and a server; bytes between them go through two queues.
struct Pair {
  explicit Pair(Http2SessionOptions client_options = {}, Http2SessionOptions server_options = {}) {
    client = Http2Session::create(Http2Session::Role::kClient, client_options, at_client).value();
    server = Http2Session::create(Http2Session::Role::kServer, server_options, at_server).value();
    at_client.session = client.get();
    at_server.session = server.get();
    at_server.when_ended = [this](StreamId id) { answer(id); };
  }
  StreamId request(std::string body, std::string_view path = "/") {
    const std::vector<Http2Fields::Field> fields = {
        {":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", "a"}};
    Http2Body out;
    if (!body.empty()) out = Http2Body::of(std::move(body));
    return client->request(fields, std::move(out)).value_or(0);
  }
  void answer(StreamId id) {
    const std::vector<Http2Fields::Field> fields = {{":status", "200"}};
    EXPECT_TRUE(server->respond(id, fields, Http2Body::of("got " + std::to_string(at_server.streams[id].body.size())),
                                {{"grpc-status", "0"}}));
  }
  /// Moves up to `bytes_max` bytes each way; how many it moved.
  std::size_t move(std::size_t bytes_max = static_cast<std::size_t>(-1)) {
    const std::string up = take_output(*client, bytes_max);
    if (!up.empty()) server_ok = server->receive(up) && server_ok;
    const std::string down = take_output(*server, bytes_max);
    if (!down.empty()) client_ok = client->receive(down) && client_ok;
    return up.size() + down.size();
  }
  void run() {
    while (move() != 0) {
    }
  }

  Recorder at_client, at_server;
  std::unique_ptr<Http2Session> client, server;
  bool client_ok = true, server_ok = true;
};

std::string patterned(std::size_t size, unsigned seed) {
  std::string out(size, '\0');
  std::minstd_rand random(seed + 1);
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

TEST(Http2Session, ARequestAndItsAnswerWithTrailers) {
  Pair pair;
  const StreamId id = pair.request("hello", "/x");
  pair.run();
  const Recorder::Stream& at_server = pair.at_server.streams[id];
  EXPECT_EQ(at_server.headers.at(0).at(":path"), "/x");
  EXPECT_EQ(at_server.body, "hello");
  EXPECT_EQ(at_server.ends, 1);
  EXPECT_EQ(at_server.closes, 1);
  const Recorder::Stream& at_client = pair.at_client.streams[id];
  EXPECT_EQ(at_client.headers.at(0).at(":status"), "200");
  EXPECT_EQ(at_client.body, "got 5");
  EXPECT_EQ(at_client.headers.at(1).at("grpc-status"), "0");
  EXPECT_EQ(at_client.ends, 1);
  EXPECT_EQ(at_client.code, Http2Code::kNoError);
}

TEST(Http2Session, AnyNumberOfBytesAtATimeBringsTheSame) {
  for (const std::size_t step : {1u, 2u, 7u, 100u, 5000u}) {
    Http2SessionOptions small;
    small.stream_window_bytes = 4096;
    small.connection_window_bytes = 65535;
    Pair pair({}, small);
    std::map<StreamId, std::string> sent;
    for (unsigned i = 0; i < 5; ++i) {
      std::string body = patterned(i * 9000, i);
      const StreamId id = pair.request(body);
      sent[id] = std::move(body);
    }
    while (pair.move(step) != 0) {
    }
    ASSERT_TRUE(pair.client_ok && pair.server_ok);
    for (const auto& [id, body] : sent) {
      EXPECT_TRUE(pair.at_server.streams[id].body == body) << step;
      EXPECT_EQ(pair.at_client.streams[id].body, "got " + std::to_string(body.size()));
    }
  }
}

// Property: random sizes, windows, and amounts of bytes delivered; every body arrives once and whole.
TEST(Http2Session, RandomTrafficArrivesOnceAndWhole) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::minstd_rand random(seed + 1);
    Http2SessionOptions server_options;
    server_options.stream_window_bytes = 100 + static_cast<std::uint32_t>(random() % 70'000);
    server_options.connection_window_bytes = 65535 + static_cast<std::uint32_t>(random() % 200'000);
    server_options.frame_bytes_max = 16384 + static_cast<std::uint32_t>(random() % 100'000);
    server_options.streams_max = 1 + static_cast<std::uint32_t>(random() % 20);
    Pair pair({}, server_options);
    std::map<StreamId, std::string> sent;
    for (int round = 0; round < 200; ++round) {
      if (random() % 4 == 0 && sent.size() < 30) {
        std::string body = patterned(random() % 50'000, static_cast<unsigned>(random()));
        const StreamId id = pair.request(body);
        ASSERT_NE(id, 0);
        sent[id] = std::move(body);
      }
      pair.move(random() % 3000);
    }
    pair.run();
    ASSERT_TRUE(pair.client_ok && pair.server_ok) << seed;
    for (const auto& [id, body] : sent) {
      EXPECT_TRUE(pair.at_server.streams[id].body == body) << seed << " " << id;
      EXPECT_EQ(pair.at_client.streams[id].body, "got " + std::to_string(body.size())) << seed;
      EXPECT_EQ(pair.at_client.streams[id].closes, 1);
    }
  }
}

TEST(Http2Session, AConnectionCutAtAnyByteIsNoFault) {
  Pair whole;
  whole.request(std::string(2000, 'x'));
  std::string up;
  for (;;) {
    const std::string more = take_output(*whole.client);
    if (more.empty()) break;
    up += more;
    whole.server->receive(more);
    const std::string down = take_output(*whole.server);
    if (!down.empty()) whole.client->receive(down);
  }
  for (std::size_t cut = 0; cut < up.size(); ++cut) {
    Pair pair;
    EXPECT_TRUE(pair.server->receive(std::string_view(up).substr(0, cut))) << cut;
    take_output(*pair.server);
    const Recorder::Stream& stream = pair.at_server.streams[1];
    EXPECT_LE(stream.body.size(), 2000u);
    EXPECT_EQ(stream.ends == 1, stream.body.size() == 2000) << "nothing that is cut off looks complete";
  }
}

TEST(Http2Session, WithoutCreditThePeerStopsAtTheWindow) {
  Http2SessionOptions small;
  small.stream_window_bytes = 10'000;
  Pair pair({}, small);
  pair.run();  // the settings
  pair.at_server.give_credit = false;
  const StreamId id = pair.request(std::string(50'000, 'x'));
  pair.run();
  EXPECT_EQ(pair.at_server.streams[id].body.size(), 10'000u);
  pair.server->consume_stream(id, 10'000);
  pair.server->consume_connection(10'000);
  pair.run();
  EXPECT_EQ(pair.at_server.streams[id].body.size(), 20'000u);
}

TEST(Http2Session, TheBodysOwnerIsHeldUntilItsBytesAreWritten) {
  Pair pair;
  auto owner = std::make_shared<const std::string>(100'000, 'x');
  const std::weak_ptr<const std::string> watch = owner;
  const std::vector<Http2Fields::Field> fields = {
      {":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}};
  const StreamId id = *pair.client->request(fields, {{*owner}, owner});
  owner.reset();
  pair.move(40'000);
  pair.client->reset(id, Http2Code::kCancel);
  EXPECT_FALSE(watch.expired()) << "a frame is half written";
  pair.run();
  EXPECT_TRUE(watch.expired());
  EXPECT_EQ(pair.at_server.streams[id].code, Http2Code::kCancel);
}

TEST(Http2Session, AnAnswerBeforeTheRequestIsCompleteEndsTheRest) {
  Http2SessionOptions small;
  small.stream_window_bytes = 1000;
  Pair pair({}, small);
  pair.run();  // the settings
  pair.at_server.give_credit = false;
  const StreamId id = pair.request(std::string(50'000, 'x'));
  pair.run();
  const std::vector<Http2Fields::Field> fields = {{":status", "413"}};
  EXPECT_TRUE(pair.server->respond(id, fields, {}, {}));
  pair.run();
  EXPECT_EQ(pair.at_client.status(id), "413");
  EXPECT_EQ(pair.at_client.streams[id].code, Http2Code::kNoError);
  EXPECT_EQ(pair.at_server.streams[id].closes, 1);
}

TEST(Http2Session, RespondingToAStreamThatIsGoneIsRefused) {
  Pair pair;
  const std::vector<Http2Fields::Field> fields = {{":status", "200"}};
  EXPECT_FALSE(pair.server->respond(1, fields, {}, {}));
}

TEST(Http2Session, HeaderFieldsBeyondTheLimitAreSaidAndNotKept) {
  Http2SessionOptions small;
  small.header_list_bytes_max = 500;
  Pair pair({}, small);
  const std::string long_path = "/" + std::string(600, 'p');
  const StreamId id = pair.request("", long_path);
  pair.run();
  EXPECT_TRUE(pair.at_server.streams[id].too_large);
  EXPECT_TRUE(pair.server_ok);
}

TEST(Http2Session, GoawayRefusesTheStreamsAboveItsLast) {
  Pair pair;
  pair.at_server.when_ended = nullptr;  // answers nothing
  const StreamId first = pair.request("a");
  pair.run();
  pair.server->goaway(Http2Code::kNoError, "bye");
  const StreamId second = pair.request("b");
  pair.run();
  ASSERT_EQ(pair.at_client.goaways.size(), 1u);
  EXPECT_EQ(pair.at_client.goaways[0].last, first);
  EXPECT_EQ(pair.at_client.goaways[0].debug, "bye");
  EXPECT_EQ(pair.at_client.streams[second].code, Http2Code::kRefusedStream);
  EXPECT_EQ(pair.at_client.streams[first].closes, 0) << "goes on";
  EXPECT_FALSE(pair.client->can_request());
}

TEST(Http2Session, StreamIdentifiersRunOut) {
  Http2SessionOptions late;
  late.first_stream = 0x7fff'fffd;
  Pair pair(late);
  EXPECT_EQ(pair.request("last but one"), 0x7fff'fffd);
  EXPECT_EQ(pair.request("last"), 0x7fff'ffff);
  EXPECT_EQ(pair.request("none left"), 0);
  EXPECT_FALSE(pair.client->can_request());
  pair.run();
  EXPECT_EQ(pair.at_client.status(0x7fff'ffff), "200");
}

// --- Hostile bytes: the server alone ---

struct Server {
  explicit Server(Http2SessionOptions options = {}) {
    session = Http2Session::create(Http2Session::Role::kServer, options, events).value();
    events.session = session.get();
    EXPECT_TRUE(session->receive(std::string(kPreface) + frame(kSettings, 0, 0)));
    take_output(*session);
  }
  /// Until it takes no more; how often.
  int send_often(const std::string& bytes, int times_max) {
    for (int i = 0; i < times_max; ++i) {
      if (!session->receive(bytes)) return i;
      take_output(*session);
      if (session->finished()) return i;
    }
    return times_max;
  }
  Recorder events;
  std::unique_ptr<Http2Session> session;
};

TEST(Http2Session, RapidResetEndsTheConnection) {
  Http2SessionOptions options;
  options.resets_burst_max = 50;
  options.resets_per_second_max = 1;
  Server server(options);
  std::uint32_t stream = 1;
  int opened = 0;
  for (; opened < 1000 && !server.session->finished(); ++opened, stream += 2) {
    const std::string bytes = frame(kHeaders, kEndHeaders, stream, post_block()) +
                              frame(kRstStream, 0, stream, std::string_view("\0\0\0\x08", 4));
    if (!server.session->receive(bytes)) break;
    take_output(*server.session);
  }
  EXPECT_LE(opened, 60);
}

TEST(Http2Session, ContinuationsWithoutEndEndTheConnection) {
  Server server;
  ASSERT_TRUE(server.session->receive(frame(kHeaders, 0, 1, post_block())));
  EXPECT_LE(server.send_often(frame(kContinuation, 0, 1, std::string("\x00\x01\x61\x01\x62", 5)), 1000), 10);
}

TEST(Http2Session, PingsSettingsAndEmptyFramesWithoutEndEndTheConnection) {
  for (const std::string& bytes :
       {frame(kPing, 0, 0, "12345678"), frame(kSettings, 0, 0), frame(kWindowUpdate, 0, 0, std::string("\0\0\0\1", 4)),
        frame(2, 0, 1, std::string("\0\0\0\0\1", 5))}) {
    Http2SessionOptions options;
    options.idle_frames_max = 100;
    Server server(options);
    EXPECT_LE(server.send_often(bytes, 1000), 101);
    EXPECT_TRUE(server.session->flooded());
  }
}

TEST(Http2Session, AcksThatNobodyReadsEndTheConnection) {
  Http2SessionOptions options;
  options.acks_queued_max = 100;
  Server server(options);
  int taken = 0;
  while (taken < 1000 && server.session->receive(frame(kPing, 0, 0, "12345678"))) ++taken;
  EXPECT_LE(taken, 101);
  EXPECT_TRUE(server.session->flooded());
}

TEST(Http2Session, HeaderFieldsOutOfTheTableWithoutEndEndTheConnection) {
  Http2SessionOptions options;
  options.header_list_bytes_max = 1000;
  Server server(options);
  // One field of 1 KB enters the dynamic table; each byte 0xbe repeats it (RFC 7541, 6.1).
  std::string block = post_block() +
                      std::string(
                          "\x40\x01"
                          "x"
                          "\x7f\xe9\x06",
                          6) +
                      std::string(1000, 'v');
  block += std::string(10'000, '\xbe');
  EXPECT_FALSE(server.session->receive(frame(kHeaders, kEndHeaders, 1, block)));
  EXPECT_TRUE(server.session->flooded());
}

TEST(Http2Session, WhatIsNotHttp2IsRefusedWithAGoaway) {
  Recorder events;
  auto server = Http2Session::create(Http2Session::Role::kServer, {}, events).value();
  EXPECT_FALSE(server->receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n......"));
  take_output(*server);
  EXPECT_TRUE(server->finished());
  EXPECT_FALSE(server->failure().empty());
}

TEST(Http2Session, AServerThatSpeaksHttp1IsNamed) {
  Recorder events;
  auto client = Http2Session::create(Http2Session::Role::kClient, {}, events).value();
  static_cast<void>(client->receive("HTTP/1.1 400 Bad Request\r\n\r\n"));
  take_output(*client);
  EXPECT_TRUE(client->finished());
  EXPECT_THAT(client->failure(), HasSubstr("SETTINGS"));
}

}  // namespace
}  // namespace nanospan::net

// Calls to the addresses of a name: shared evenly, by those that are there, and never lost with one that dies.
#include "net/grpc_balancer.h"

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <cstdlib>

#include "net/grpc_client.h"
#include "tests/net/grpc_fixture.h"
#include "tests/support/scripted_server.h"

namespace nanospan::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A server of its own, at an address of the name "backends".
struct Backend {
  std::shared_ptr<TestGrpcService> service = std::make_shared<TestGrpcService>();
  std::unique_ptr<HttpServer> server;
  std::uint16_t port = 0;
  std::vector<GrpcResponder> held;

  void start(EventLoop& loop, Http2ServerOptions http2 = {}) {
    HttpServerOptions options;
    options.port = port;
    options.http2 = http2_server_protocol(http2);
    server = HttpServer::start({&loop}, std::move(options),
                               std::make_shared<GrpcHandler>(service, std::vector<std::string>{}, nullptr))
                 .value();
    port = server->port();
  }
  /// From now on its calls are not answered.
  void hold() {
    service->handle = [this](Request, GrpcResponder responder) { held.push_back(std::move(responder)); };
  }
  void answer_all() {
    for (GrpcResponder& responder : std::exchange(held, {})) responder.succeed("late");
  }
  int calls() { return std::exchange(service->messages, 0); }
};

class GrpcBalancerTest : public LoopTest {
 protected:
  void TearDown() override {
    client_.reset();
    for (Backend& backend : backends_) backend.server.reset();
    settle();
  }
  void start_client() {
    options_.origin = parse_url("http://backends:1").value();
    options_.balancing = GrpcBalancing::kRoundRobin;
    options_.queued_calls_max = 1000;
    options_.random = [] { return std::uint64_t{0}; };
    options_.lookup = [answer = answer_](const std::string&, std::uint16_t) -> Result<Addresses> {
      ++answer->lookups;
      if (answer->ports.empty()) return Error{ErrorCode::kNotFound, "no such host"};
      Addresses addresses;
      for (const std::uint16_t port : answer->ports) {
        SocketAddress::parse("127.0.0.1", port, addresses.emplace_back());
      }
      return addresses;
    };
    client_ = GrpcClient::create(*loop_, std::move(options_)).value();
  }
  void start_all() {
    for (Backend& backend : backends_) backend.start(*loop_);
    name_has({0, 1, 2});
    start_client();
  }
  void name_has(std::vector<std::size_t> which) {
    answer_->ports.clear();
    for (const std::size_t i : which) answer_->ports.push_back(backends_[i].port);
  }
  void call(int count = 1) {
    for (int i = 0; i < count; ++i) {
      GrpcRequest request;
      request.path = kEchoPath;
      request.message = {"x"};
      request.repeatable = true;
      ++open_;
      client_->call(std::move(request), [this](const GrpcReply& reply) {
        --open_;
        if (reply.status.code != GrpcCode::kOk) failures_.push_back(reply.status.message);
      });
    }
  }
  void finish(int count) {
    call(count);
    EXPECT_TRUE(run_until([&] { return open_ == 0; }));
  }
  std::array<int, 3> calls() { return {backends_[0].calls(), backends_[1].calls(), backends_[2].calls()}; }
  /// All that are there are connected and have answered, and nothing is counted yet.
  void warm_up() {
    finish(1);
    settle();
    finish(3);
    calls();
  }

  struct Answer {
    std::vector<std::uint16_t> ports;  // changed while no lookup runs
    std::atomic<int> lookups{0};
  };
  const std::shared_ptr<Answer> answer_ = std::make_shared<Answer>();  // a lookup may outlive the test
  std::array<Backend, 3> backends_;
  GrpcClientOptions options_;
  std::unique_ptr<GrpcClient> client_;
  int open_ = 0;
  std::vector<std::string> failures_;
};

TEST_F(GrpcBalancerTest, CallsGoToAllAddressesInTurn) {
  start_all();
  warm_up();
  finish(300);
  EXPECT_THAT(calls(), ElementsAre(100, 100, 100));
  EXPECT_EQ(client_->counters().connections_opened, 3u);
  EXPECT_EQ(answer_->lookups, 1);
  EXPECT_THAT(failures_, ElementsAre());
}

TEST_F(GrpcBalancerTest, OneOfThreeIsKilledUnderLoadNothingIsLostAndTheOthersShareEvenly) {
  start_all();
  warm_up();
  backends_[0].hold();  // so that it dies with calls in its hands
  call(30);
  ASSERT_TRUE(run_until([&] { return open_ == 10; }));
  EXPECT_THAT(calls(), ElementsAre(10, 10, 10));
  call(60);
  const std::uint16_t port = backends_[0].port;
  backends_[0].server.reset();
  settle();
  backends_[0].held.clear();
  ASSERT_TRUE(run_until([&] { return open_ == 0; }));
  finish(210);
  const auto [dead, second, third] = calls();
  EXPECT_EQ(second + third, 10 + 60 + 210) << "each call was answered by one that lived; " << dead << " died";
  EXPECT_LE(std::abs(second - third), 2) << second << " and " << third;
  EXPECT_THAT(failures_, ElementsAre());
  EXPECT_GE(client_->counters().repeated, 10u);
  // It comes back, and is found after its back-off by the calls that go on.
  backends_[0].service->handle = nullptr;
  backends_[0].port = port;
  backends_[0].start(*loop_);
  advance(10 * kSeconds);
  finish(3);
  settle();
  calls();
  finish(30);
  EXPECT_THAT(calls(), ElementsAre(10, 10, 10));
}

TEST_F(GrpcBalancerTest, AnAddressOnWhichNobodyListensIsSkipped) {
  start_all();
  answer_->ports[1] = testing::closed_port();
  finish(1);
  settle();
  calls();
  finish(20);
  EXPECT_THAT(calls(), ElementsAre(10, 0, 10));
  EXPECT_THAT(failures_, ElementsAre());
}

TEST_F(GrpcBalancerTest, WhenNobodyIsThereCallsFailAndComeThroughLater) {
  start_all();
  const std::vector<std::uint16_t> ports = answer_->ports;
  answer_->ports = {testing::closed_port(), testing::closed_port()};
  finish(5);
  ASSERT_EQ(failures_.size(), 5u);
  EXPECT_THAT(failures_[0], HasSubstr("http://backends:1: cannot connect to 127.0.0.1:"));
  answer_->ports = ports;
  call();
  settle();
  EXPECT_EQ(open_, 1) << "it waits for the back-off";
  advance(10 * kSeconds);
  ASSERT_TRUE(run_until([&] { return open_ == 0; }));
  EXPECT_EQ(failures_.size(), 5u);
}

TEST_F(GrpcBalancerTest, ANameWithoutAddressesIsItsOwnFailure) {
  start_client();
  finish(1);
  EXPECT_THAT(failures_, ElementsAre(HasSubstr("no such host")));
}

TEST_F(GrpcBalancerTest, AConnectionThatEndsBringsTheNewAddresses) {
  start_all();
  name_has({0});
  warm_up();
  name_has({1, 2});
  finish(10);
  EXPECT_THAT(calls(), ElementsAre(10, 0, 0)) << "nothing happened that would make it look";
  advance(10 * kSeconds);
  backends_[0].server->begin_drain(base::Deadline::never(), [] {});  // GOAWAY, as max_connection_age sends it
  settle();
  finish(2);
  settle();
  calls();
  finish(10);
  EXPECT_THAT(calls(), ElementsAre(0, 5, 5));
  EXPECT_THAT(failures_, ElementsAre());
}

TEST_F(GrpcBalancerTest, AnAddressThatIsGoneFinishesItsCalls) {
  start_all();
  warm_up();
  backends_[2].hold();
  call(3);
  ASSERT_TRUE(run_until([&] { return open_ == 1; }));
  backends_[2].service->handle = nullptr;  // it keeps the one, and answers others
  name_has({0, 1});
  advance(10 * kSeconds);
  backends_[0].server->begin_drain(base::Deadline::never(), [] {});
  settle();
  call();
  ASSERT_TRUE(run_until([&] { return open_ == 1; }));
  settle();
  calls();
  call(4);
  ASSERT_TRUE(run_until([&] { return open_ == 1; }));
  EXPECT_THAT(calls(), ElementsAre(0, 4, 0));
  backends_[2].answer_all();
  ASSERT_TRUE(run_until([&] { return open_ == 0; }));
  settle();
  EXPECT_EQ(backends_[2].server->counters().connections_open, 0u) << "and its connection is closed then";
  EXPECT_THAT(failures_, ElementsAre());
}

TEST_F(GrpcBalancerTest, WhenAllStreamsAreTakenAnotherConnectionIsOpenedUpToTheLimit) {
  Http2ServerOptions narrow;
  narrow.session.streams_max = 2;
  backends_[0].start(*loop_, narrow);
  backends_[0].hold();
  name_has({0});
  options_.connections_max = 3;
  start_client();
  call(7);
  ASSERT_TRUE(run_until([&] { return backends_[0].held.size() == 6; }));
  settle();
  EXPECT_EQ(client_->counters().connections_opened, 3u);
  EXPECT_EQ(backends_[0].held.size(), 6u) << "the seventh waits";
  backends_[0].answer_all();
  ASSERT_TRUE(run_until([&] { return backends_[0].held.size() == 1; }));
  backends_[0].answer_all();
  ASSERT_TRUE(run_until([&] { return open_ == 0; }));
  EXPECT_EQ(client_->counters().connections_opened, 3u);
  EXPECT_THAT(failures_, ElementsAre());
}

TEST_F(GrpcBalancerTest, ABackendWhoseNextConnectionHangsDoesNotKeepTheOthersFromTheirs) {
  Http2ServerOptions narrow;
  narrow.session.streams_max = 1;
  for (Backend& backend : backends_) backend.start(*loop_, narrow);
  name_has({0, 1});
  options_.connections_max = 2;
  int to_first = 0;
  options_.make_stream = [&](Fd socket) -> std::unique_ptr<ByteStream> {
    const bool hangs = peer_address(socket.get())->port() == backends_[0].port && ++to_first > 1;
    if (hangs) return std::make_unique<MuteStream>(std::move(socket));
    return make_socket_stream(std::move(socket));
  };
  start_client();
  finish(1);
  settle();
  for (Backend& backend : backends_) backend.hold();
  call(4);
  ASSERT_TRUE(run_until([&] { return backends_[1].held.size() == 2; }));
  EXPECT_EQ(to_first, 2);
  EXPECT_EQ(backends_[0].held.size(), 1u);
  for (Backend& backend : backends_) {
    backend.service->handle = nullptr;  // the fourth is answered at once
    backend.answer_all();
  }
  ASSERT_TRUE(run_until([&] { return open_ == 0; }));
  EXPECT_THAT(failures_, ElementsAre());
}

TEST_F(GrpcBalancerTest, AProxyThatNeverAnswersIsGivenUpAlsoWhileCallersOverlap) {
  SocketAddress any;
  ASSERT_TRUE(SocketAddress::parse("127.0.0.1", 0, any));
  const Fd silent = listen_on(any, false).value();
  answer_->ports = {local_address(silent.get())->port()};
  options_.proxy = parse_proxy("proxy:1").value();
  start_client();
  Fd peer;  // lookups have a thread of their own, so that the connection is waited for
  const auto connected = [&] {
    if (!peer) peer = accept_on(silent.get()).fd;
    return static_cast<bool>(peer);
  };
  call();
  ASSERT_TRUE(run_until(connected));
  advance(15 * kSeconds);
  call();
  advance(5 * kSeconds);
  EXPECT_EQ(open_, 0);
  const auto gave_up = HasSubstr("through the proxy http://proxy:1: gave up after 20 s while the proxy was connecting");
  EXPECT_THAT(failures_, ElementsAre(gave_up, gave_up));
  peer.reset();
  call();
  advance(10 * kSeconds);  // the back-off
  EXPECT_TRUE(run_until(connected)) << "the next caller connects anew";
}

}  // namespace
}  // namespace nanospan::net

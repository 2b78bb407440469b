// A profile on its way to a server that answers as it is told, on a clock that is told what time it is.
#include "profile/continuous/profile_push.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/fake_clock.h"
#include "tests/support/sample_profile.h"
#include "tests/support/scripted_server.h"

namespace nanospan::profile {
namespace {

using namespace nanospan::testing;

struct Pushing {
  explicit Pushing(PushOptions options) {
    if (options.url.empty()) options.url = server.url();
    auto made = ProfilePush::create(*loop, std::move(options));
    EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
    push = std::move(made).value();
  }
  void send() { send(*push); }
  void send(ProfilePush& to) {
    to.send("process_cpu", profile::testing::sample_profile(),
            [this](const Status& status) { answers.push_back(status ? "" : status.error().message); });
  }
  std::vector<std::string> run(std::size_t count) {
    while (answers.size() < count) loop->run_once(base::Deadline::never());
    return answers;
  }

  FakeClock clock;
  std::unique_ptr<net::EventLoop> loop = net::EventLoop::create(clock).value();
  ScriptedServer server{*loop};
  std::unique_ptr<ProfilePush> push;
  std::vector<std::string> answers;
};

TEST(ProfilePush, AMessageIsWhatLibprotobufWrites) {
  using namespace std::string_view_literals;
  EXPECT_EQ(push_message({{"__name__", "process_cpu"}, {"service_name", "shop"}}, "1-2", "PPROF"),
            "\n=\n\x17\n\x08__name__\x12\x0bprocess_cpu\n\x14\n\x0cservice_name\x12\x04shop\x12\x0c\n\x05PPROF\x12\x03"
            "1-2"sv);
}

TEST(ProfilePush, AProfileIsACallOfPush) {
  Pushing pushing({.url = {}, .headers = {{"X-Scope-OrgID", "team"}}, .service_name = "shop"});
  pushing.send();
  EXPECT_EQ(pushing.run(1), std::vector<std::string>{""});
  const SeenRequest seen = pushing.server.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/push.v1.PusherService/Push");
  EXPECT_EQ(net::find_header(seen.headers, "Content-Type"), "application/proto");
  EXPECT_EQ(net::find_header(seen.headers, "Connect-Protocol-Version"), "1");
  EXPECT_EQ(net::find_header(seen.headers, "X-Scope-OrgID"), "team");
  for (const char* part : {"service_name", "shop", "hostname", "__name__", "process_cpu", "\x1F\x8B"}) {
    EXPECT_NE(seen.body.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(pushing.push->counters().accepted, 1u);
}

TEST(ProfilePush, HeadersMayNameTheHostAndNothingElseOfTheTransports) {
  Pushing pushing({.url = {}, .headers = {{"host", "pyroscope.example"}}});
  pushing.send();
  EXPECT_EQ(pushing.run(1), std::vector<std::string>{""});
  EXPECT_EQ(net::find_header(pushing.server.requests().at(0).headers, "Host"), "pyroscope.example");
  const auto made = ProfilePush::create(*pushing.loop, {.url = pushing.server.url(), .headers = {{"Connection", "x"}}});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().message, "header \"Connection\" is set by the sender itself; remove it");
}

TEST(ProfilePush, ThePathOfTheServerComesFirst) {
  Pushing pushing({});
  auto below = ProfilePush::create(*pushing.loop, {.url = pushing.server.url("/tenant/")});
  ASSERT_TRUE(below.ok());
  pushing.send(**below);
  pushing.run(1);
  EXPECT_EQ(pushing.server.requests().at(0).target, "/tenant/push.v1.PusherService/Push");
}

TEST(ProfilePush, AProxyIsSentTheWholeUrl) {
  Pushing pushing({});
  auto through = ProfilePush::create(
      *pushing.loop, {.url = "http://pyroscope.example:4040", .proxy = net::parse_proxy(pushing.server.url()).value()});
  ASSERT_TRUE(through.ok());
  pushing.send(**through);
  EXPECT_EQ(pushing.run(1).at(0), "");
  EXPECT_EQ(pushing.server.requests().at(0).target, "http://pyroscope.example:4040/push.v1.PusherService/Push");
}

TEST(ProfilePush, OtlpProfilesGoWhereOtlpSays) {
  Pushing pushing({.protocol = ProfilePushProtocol::kOtlpDevelopment, .service_name = "shop"});
  pushing.server.script({respond(200, "")});
  pushing.send();
  EXPECT_EQ(pushing.run(1), std::vector<std::string>{""});
  const SeenRequest seen = pushing.server.requests().at(0);
  EXPECT_EQ(seen.target, "/v1development/profiles");
  EXPECT_EQ(net::find_header(seen.headers, "Content-Type"), "application/x-protobuf");
  EXPECT_EQ(net::find_header(seen.headers, "Content-Encoding"), "gzip");
  EXPECT_TRUE(seen.body.starts_with("\x1F\x8B"));
  EXPECT_EQ(pushing.push->counters().accepted, 1u);
}

TEST(ProfilePush, ARefusalIsSaidCountedAndNotRepeated) {
  Pushing pushing({});
  pushing.server.script({respond(401, R"({"code":"unauthenticated","message":"no org id"})")});
  pushing.server.script({reset_now()});
  pushing.send();
  const std::string destination = pushing.server.url("/");
  EXPECT_EQ(pushing.run(1).at(0), destination + R"( answered 401: {"code":"unauthenticated","message":"no org id"})");
  pushing.send();
  EXPECT_NE(pushing.run(2).at(1), "");
  pushing.send();
  EXPECT_EQ(pushing.run(3).at(2), "") << "and the next one arrives";
  EXPECT_EQ(pushing.server.requests().size(), 3u);
  EXPECT_EQ(pushing.push->counters().failed, 2u);
  EXPECT_EQ(pushing.push->counters().accepted, 1u);
}

TEST(ProfilePush, AServerThatNeverAnswersHoldsNothingUp) {
  Pushing pushing({.timeout_nanos = 10 * base::kNanosPerSecond, .in_flight_max = 2});
  pushing.server.script({wait_nanos(base::kNever / 2)});
  for (int i = 0; i < 3; ++i) pushing.send();
  ASSERT_EQ(pushing.answers.size(), 1u) << "the third is refused at once";
  EXPECT_EQ(pushing.answers[0], pushing.server.url("/") + " is behind by 2 profiles; this one is not sent");
  while (pushing.server.requests().empty()) pushing.loop->run_once(base::Deadline::never());
  pushing.clock.advance(11 * base::kNanosPerSecond);
  pushing.run(3);
  EXPECT_EQ(pushing.push->counters().skipped, 1u);
  EXPECT_EQ(pushing.push->counters().failed, 2u);
}

TEST(ProfilePush, NonsenseIsRefused) {
  FakeClock clock;
  const auto loop = net::EventLoop::create(clock).value();
  const auto message = [&](PushOptions options) {
    const auto made = ProfilePush::create(*loop, std::move(options));
    return made.ok() ? std::string() : made.error().message;
  };
  EXPECT_NE(message({.url = "pyroscope:4040"}), "");
  EXPECT_EQ(message({.url = "http://pyroscope:4040/?tenant=1"}),
            "the URL http://pyroscope:4040/ has a query; give that of the server alone");
  EXPECT_EQ(message({.url = "http://pyroscope:4040", .headers = {{"X-Scope-OrgID", "a\r\nb"}}}),
            "\"X-Scope-OrgID\" is no header, or its value has control characters");
  EXPECT_EQ(message({.url = "unix:/run/p.sock", .proxy = net::parse_proxy("http://p:3128").value()}),
            "unix:/run/p.sock is a unix socket, which is never reached through a proxy; remove either");
  EXPECT_EQ(message({.url = "https://pyroscope:4040"}),
            "https needs the library target nanospan::tls, which is not linked into this program");
}

}  // namespace
}  // namespace nanospan::profile

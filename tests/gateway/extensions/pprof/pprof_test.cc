// The gateway's own profile over raw HTTP; what profiles hold is the profiler's own business (tests/profile).
#include "gateway/extensions/pprof/pprof.h"

#include <gmock/gmock.h>

#include <string>

#include "gateway/extensions/pprof/pprof_config.h"
#include "gateway/extensions/pprof/pprof_factory.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/raw_http.h"
#include "tests/gateway/test_host.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_server.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::gateway {
namespace {

using testing::exchange;
using ::testing::HasSubstr;

/// Of "http 127.0.0.1:PORT/...".
std::uint16_t profile_port_of(const Component& pprof) {
  const std::string shown = pprof.describe();
  return static_cast<std::uint16_t>(std::stoi(shown.substr(shown.find(':') + 1)));
}

void while_nothing_was_sampled(std::uint16_t port) {
  while (exchange(port, "GET /debug/pprof/profile?from=-1m&to=now&debug=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
             .find("thread=") == std::string::npos) {
  }
}

TEST(Pprof, ServesTheProfileOfThisProcess) {
  testing::TestHost host;
  testing::ConfigText text("endpoint: 127.0.0.1:0");
  std::unique_ptr<Component> pprof = pprof_factory().read({"pprof", ""}, text.reader)(host).value();
  ASSERT_EQ(text.errors(), "");
  ASSERT_TRUE(pprof->start().ok());
  const std::uint16_t port = profile_port_of(*pprof);
  EXPECT_THAT(exchange(port, "GET /debug/pprof/threads?debug=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
              HasSubstr("thread="));
  bool drained = false;
  pprof->drain(base::Deadline::never(), [&] { drained = true; });
  EXPECT_TRUE(drained);
  EXPECT_EQ(exchange(port, "GET /debug/pprof/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), "");
  host.stop();
}

TEST(Pprof, TheCollectorsKeysAndOurOwn) {
  testing::ConfigText text(
      "endpoint: 0.0.0.0:1777\ntoken: secret\ncontinuous: false\nhistory_bytes_max: 1MiB\nhz: 50\nheap_interval_bytes: "
      "1MiB\n"
      "locks: false\nblock_profile_fraction: 3");
  const PprofConfig config = read_pprof_config(text.reader);
  EXPECT_EQ(text.errors(), "");
  EXPECT_EQ(config.address.port, 1777);
  EXPECT_EQ(config.token, "secret");
  EXPECT_FALSE(config.continuous);
  EXPECT_EQ(config.history_bytes_max, 1u << 20);
  EXPECT_EQ(config.hz, 50u);
  EXPECT_EQ(config.heap_interval_bytes, 1u << 20);
  EXPECT_FALSE(config.locks);
  EXPECT_THAT(text.warnings(), HasSubstr("block_profile_fraction"));
}

TEST(Pprof, Faults) {
  testing::ConfigText text("endpoint: nowhere\nhz: 5000\nhistory_bytes_max: 65535\nwhat: 1");
  read_pprof_config(text.reader);
  EXPECT_THAT(text.errors(), HasSubstr("it.endpoint: \"nowhere\" is not host:port"));
  EXPECT_THAT(text.errors(), HasSubstr("it.hz"));
  EXPECT_THAT(text.errors(), HasSubstr("it.history_bytes_max"));
  EXPECT_THAT(text.errors(), HasSubstr("it.what"));
}

TEST(Pprof, OtherMachinesNeedAToken) {
  testing::ConfigText text("endpoint: 0.0.0.0:0");
  testing::TestHost host;
  Pprof open("pprof", read_pprof_config(text.reader), host);
  EXPECT_FALSE(open.start().ok());
  host.stop();
}

TEST(Pprof, ALineRecordsThirtySecondsOfEveryMinute) {
  testing::ConfigText text("directory: /var/lib/nanospan/profiles");
  const PprofConfig config = read_pprof_config(text.reader);
  EXPECT_EQ(text.errors() + text.warnings(), "");
  EXPECT_EQ(config.directory, "/var/lib/nanospan/profiles");
  EXPECT_EQ(config.directory_bytes_max, 64u << 20);
  EXPECT_EQ(config.profile_nanos, 30 * base::kNanosPerSecond);
  EXPECT_EQ(config.interval_nanos, 60 * base::kNanosPerSecond);
  EXPECT_FALSE(config.push.url);
}

TEST(Pprof, EverythingAboutRecordings) {
  testing::ConfigText text(
      "directory: profiles\ndirectory_bytes_max: 1GiB\nprofile_duration: 10s\nprofile_interval: 20s\n"
      "push:\n  endpoint: https://pyroscope:4040/tenant\n  headers: {X-Scope-OrgID: team, Host: a.example}\n"
      "  tls: {insecure_skip_verify: true}\n  proxy_url: http://user:word@p:3128\n  service_name: edge\n  timeout: 5s");
  const PprofConfig config = read_pprof_config(text.reader);
  EXPECT_EQ(text.errors() + text.warnings(), "");
  EXPECT_EQ(config.directory_bytes_max, std::uint64_t{1} << 30);
  EXPECT_EQ(config.profile_nanos, 10 * base::kNanosPerSecond);
  EXPECT_EQ(config.interval_nanos, 20 * base::kNanosPerSecond);
  EXPECT_EQ(config.push.url->shown(), "https://pyroscope:4040/tenant");
  ASSERT_EQ(config.push.headers.size(), 2u);
  EXPECT_EQ(config.push.headers[0].name, "X-Scope-OrgID");
  EXPECT_EQ(config.push.headers[1].name + ": " + config.push.headers[1].value, "Host: a.example");
  EXPECT_EQ(config.push.proxy_url, "http://user:word@p:3128");
  EXPECT_EQ(config.push.service_name, "edge");
  EXPECT_EQ(config.push.protocol, ProfilePushProtocol::kPyroscope);
  EXPECT_EQ(config.push.timeout_nanos, 5 * base::kNanosPerSecond);
}

TEST(Pprof, AProtocolIsChosenAndATimeoutOfZeroKeepsTheDefault) {
  testing::ConfigText text("push: {endpoint: 'http://h', protocol: otlp_development, timeout: 0s}");
  const PprofConfig config = read_pprof_config(text.reader);
  EXPECT_EQ(text.errors() + text.warnings(), "");
  EXPECT_EQ(config.push.protocol, ProfilePushProtocol::kOtlpDevelopment);
  EXPECT_EQ(config.push.timeout_nanos, 10 * base::kNanosPerSecond);
}

std::string faults(std::string_view config) {
  testing::ConfigText text(config);
  read_pprof_config(text.reader);
  return text.errors();
}

TEST(Pprof, FaultsOfRecordings) {
  EXPECT_EQ(faults("push: {}"),
            "f.yaml:1: it.push.endpoint: is missing; write the address of a Pyroscope server, such as "
            "http://127.0.0.1:4040\n");
  EXPECT_THAT(faults("push: {endpoint: 'pyroscope:4040'}"), HasSubstr("it.push.endpoint: "));
  EXPECT_THAT(faults("push: {endpoint: 'http://h/?a=b'}"),
              HasSubstr("has a query; give the address of the server alone"));
  EXPECT_THAT(faults("push: {endpoint: 'http://h', proxy_url: 'socks5://p'}"), HasSubstr("it.push.proxy_url: "));
  EXPECT_THAT(faults("push: {endpoint: 'unix:/run/p.sock', proxy_url: 'http://p'}"), HasSubstr("is a unix socket"));
  EXPECT_THAT(faults("push: {endpoint: 'http://h', what: 1}"), HasSubstr("it.push.what"));
  EXPECT_THAT(faults("push: {endpoint: 'http://h', protocol: otlp}"),
              HasSubstr("is not one of pyroscope or otlp_development"));
  EXPECT_THAT(faults("profile_duration: 2m"),
              HasSubstr("it.profile_duration: a profile of 120s cannot be taken every 60s; make profile_duration "
                        "shorter or profile_interval longer"));
  EXPECT_THAT(faults("profile_interval: 10s"), HasSubstr("it.profile_interval: a profile of 30s cannot be taken"));
  EXPECT_THAT(faults("profile_duration: 10ms"), HasSubstr("it.profile_duration: may be 1s to 24h"));
  EXPECT_THAT(faults("profile_interval: 25h"), HasSubstr("it.profile_interval: may be profile_duration to 24h"));
}

TEST(Pprof, WhatItHasRecordedIsWrittenWhenItEnds) {
  testing::TestHost host;
  const nanospan::testing::TemporaryFolder folder;
  const std::string profiles = folder.path().string();
  testing::ConfigText text("endpoint: 127.0.0.1:0\ndirectory: " + profiles);
  std::unique_ptr<Component> pprof = pprof_factory().read({"pprof", ""}, text.reader)(host).value();
  ASSERT_TRUE(pprof->start().ok());
  EXPECT_THAT(pprof->describe(), HasSubstr("/debug/pprof/, profiles in " + profiles));
  EXPECT_EQ(folder.files(), 0u);
  const std::uint16_t port = profile_port_of(*pprof);
  while_nothing_was_sampled(port);
  pprof->drain(base::Deadline::never(), [] {});
  EXPECT_EQ(folder.files(), 1u);
  host.stop();
}

/// Keeps its log; its time stands still.
struct HostWithLog : testing::TestHost {
  Log& log() override { return log_to_keep; }
  const base::Clock& clock() override { return fake_clock; }

  nanospan::testing::FakeClock fake_clock;
  std::string said;
  Log log_to_keep{fake_clock, LogLevel::kWarn, [this](std::string_view line) { said += line; }};
};

/// What the log says when one ends that has recorded something for `destination`, with `nanos` for it.
std::string log_of_the_end(const std::string& destination, std::uint64_t nanos) {
  HostWithLog host;
  testing::ConfigText text("endpoint: 127.0.0.1:0\npush: {endpoint: '" + destination + "'}");
  std::unique_ptr<Component> pprof = pprof_factory().read({"pprof", ""}, text.reader)(host).value();
  EXPECT_TRUE(pprof->start().ok());
  while_nothing_was_sampled(profile_port_of(*pprof));
  bool drained = false;
  pprof->drain(base::Deadline::after(host.fake_clock, nanos), [&] { drained = true; });
  EXPECT_TRUE(drained);
  host.stop();
  return host.said;
}

TEST(Pprof, WhatItHasRecordedIsSentWhenItEnds) {
  nanospan::testing::ScriptedServer pyroscope;
  EXPECT_EQ(log_of_the_end(pyroscope.url(), base::kNever), "");
  ASSERT_EQ(pyroscope.requests().size(), 1u);
  EXPECT_EQ(pyroscope.requests()[0].target, "/push.v1.PusherService/Push");
}

TEST(Pprof, AServerThatDoesNotAnswerHoldsItUpNoLongerThanItsDeadline) {
  nanospan::testing::ScriptedServer pyroscope;
  pyroscope.script({nanospan::testing::wait_nanos(base::kNever / 2)});
  EXPECT_THAT(
      log_of_the_end(pyroscope.url(), base::kNanosPerSecond),
      HasSubstr("has not answered within the 900 ms that it had when the profiler stopped; this profile is lost"));
}

TEST(Pprof, AFolderThatCannotBeIsSaidAtTheStart) {
  testing::TestHost host;
  testing::ConfigText text("endpoint: 127.0.0.1:0\ndirectory: /dev/null/profiles");
  std::unique_ptr<Component> pprof = pprof_factory().read({"pprof", ""}, text.reader)(host).value();
  EXPECT_EQ(pprof->start().error().message, "making the folder /dev/null/profiles: Not a directory");
  host.stop();
}

TEST(Pprof, ProfilesArePushedThroughTheProxyOfTheEnvironment) {
  testing::TestHost host;
  host.environment.http = "http://127.0.0.1:1";
  testing::ConfigText text("endpoint: 127.0.0.1:0\npush: {endpoint: 'http://pyroscope.example:4040'}");
  std::unique_ptr<Component> pprof = pprof_factory().read({"pprof", ""}, text.reader)(host).value();
  ASSERT_TRUE(pprof->start().ok());
  EXPECT_THAT(pprof->describe(), HasSubstr(", profiles to http://pyroscope.example:4040/, through the proxy "
                                           "http://127.0.0.1:1"));
  pprof->drain(base::Deadline::never(), [] {});
  host.stop();
}

}  // namespace
}  // namespace nanospan::gateway

// The endpoints over a real socket, with threads that really burn CPU.
#include "profile/serve/profile_server.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "profile/build_profile.h"
#include "profile/page/page.h"
#include "profile/profiler.h"
#include "profile/serve/access.h"
#include "profile/serve/endpoints.h"
#include "profile/serve/responses.h"
#include "tests/profile/busy_threads.h"
#include "tests/profile/http_get.h"
#include "tests/support/sample_profile.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::profile {
namespace {

using testing::BusyThreads;
using testing::http_exchange;
using testing::http_get;
using testing::HttpAnswer;

std::unique_ptr<ProfileServer> start(EndpointOptions endpoints = {}) {
  ProfileServerOptions options;
  options.port = 0;
  options.endpoints = std::move(endpoints);
  auto server = ProfileServer::start(std::move(options));
  EXPECT_TRUE(server.ok()) << (server.ok() ? "" : server.error().message);
  return server.ok() ? std::move(server).value() : nullptr;
}

TEST(ProfileServer, AProfileNamesWhatIsHot) {
  const BusyThreads busy(2, testing::known_hot_function, "hot");
  const auto server = start();
  const HttpAnswer answer = http_get(server->port(), "/debug/pprof/profile?seconds=1&format=collapsed");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find(";nanospan::profile::testing::known_hot_function() "), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("start_thread;"), std::string::npos) << "stacks reach the root";
}

TEST(ProfileServer, AProfileEndsWhenItsClientLeaves) {
  const BusyThreads busy(1, testing::known_hot_function);
  EndpointOptions endpoints;
  endpoints.seconds_max = 1'000'000;
  const auto server = start(endpoints);
  const HttpAnswer answer = http_exchange(
      server->port(), "GET /debug/pprof/profile?seconds=1000000 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(http_get(server->port(), "/debug/pprof/profile?seconds=1").status, 200) << "and others go on";
}

TEST(ProfileServer, TwoAskersGetAProfileEachOfTheSameSampler) {
  const BusyThreads busy(1, testing::known_hot_function);
  const auto server = start();
  std::vector<HttpAnswer> answers(2);
  std::vector<std::thread> askers;
  for (HttpAnswer& answer : answers) {
    askers.emplace_back([&] { answer = http_get(server->port(), "/debug/pprof/profile?seconds=1&debug=1"); });
  }
  for (std::thread& asker : askers) asker.join();
  for (const HttpAnswer& answer : answers) {
    EXPECT_EQ(answer.status, 200);
    EXPECT_NE(answer.body.find("known_hot_function"), std::string::npos);
  }
}

TEST(ProfileServer, ThreadsShowWhatEachOneDoes) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer keeps signals back until the thread makes a system call";
#endif
  const BusyThreads busy(2, testing::known_hot_function, "shown");
  const auto server = start();
  HttpAnswer answer = http_get(server->port(), "/debug/pprof/threads?debug=1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find("thread=shown"), std::string::npos) << answer.body;
  // A thread that the kernel lets wait for a processor is there without its stack: it is asked until it had one.
  while (answer.body.find("known_hot_function") == std::string::npos) {
    answer = http_get(server->port(), "/debug/pprof/threads?debug=1");
  }
  EXPECT_NE(answer.body.find("http_get"), std::string::npos) << "this thread, which waits";
  for (const char* name : {"goroutine", "threadcreate"}) {
    EXPECT_EQ(http_get(server->port(), std::string("/debug/pprof/") + name).status, 200);
  }
}

TEST(ProfileServer, AThreadThatDoesNotAnswerIsShownWithoutAStack) {
  std::atomic<bool> blocks{false}, ends{false};
  std::thread deaf([&] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    pthread_setname_np(pthread_self(), "deaf");
    blocks = true;
    blocks.notify_one();
    ends.wait(false);
  });
  blocks.wait(false);
  const auto server = start();
  for (int asked = 0; asked < 2; ++asked) {  // what it is still asked for does not count twice
    const std::string body = http_get(server->port(), "/debug/pprof/threads?debug=1").body;
    const std::size_t found = body.find("  thread=deaf state=sleeping");
    ASSERT_NE(found, std::string::npos) << body;
    EXPECT_EQ(body.find("thread=deaf", found + 16), std::string::npos) << body;
    EXPECT_EQ(body.find("    [no answer", found), body.find("    ", found)) << body;
  }
  ends = true;
  ends.notify_one();
  deaf.join();
}

TEST(ProfileServer, IndexCommandLineAndSymbols) {
  const auto server = start();
  EXPECT_NE(http_get(server->port(), "/debug/pprof/").head.find("text/html"), std::string::npos);
  EXPECT_NE(http_get(server->port(), "/debug/pprof/cmdline").body.find("nanospan_profile_test"), std::string::npos);
  std::string address;
  for (auto pc = reinterpret_cast<std::uint64_t>(&testing::known_hot_function); pc != 0; pc /= 16) {
    address.insert(0, 1, "0123456789abcdef"[pc % 16]);
  }
  EXPECT_EQ(http_get(server->port(), "/debug/pprof/symbol").body, "num_symbols: 1\n");
  const std::string body = "0x" + address + "+0x1+nonsense";
  const HttpAnswer named = http_exchange(
      server->port(), "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
                          std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_NE(named.body.find("0x" + address + "\tnanospan::profile::testing::known_hot_function()"), std::string::npos)
      << named.body;
}

TEST(ProfileServer, WrongRequestsAreAnsweredAsGoShowsThem) {
  const auto server = start();
  for (const char* target :
       {"profile?seconds=0", "profile?seconds=301", "profile?seconds=x", "profile?hz=5000", "profile?format=png",
        "threads?debug=3", "profile?labels=foo", "profile?from=-1m&labels=trace"}) {
    const HttpAnswer answer = http_get(server->port(), std::string("/debug/pprof/") + target);
    EXPECT_EQ(answer.status, 400) << target;
    EXPECT_NE(answer.head.find("X-Go-Pprof: 1"), std::string::npos) << target;
  }
  const auto said = [&](const std::string& query) {
    return http_get(server->port(), "/debug/pprof/profile?" + query).body;
  };
  EXPECT_EQ(said("labels=foo"), "labels is \"foo\"; it may be trace\n");
  EXPECT_EQ(said("format=png"), "format is \"png\"; it may be pprof, collapsed, speedscope, html or page\n");
  EXPECT_EQ(said("from=ago"), "from is \"ago\"; it may be like -10m, -90s or -1h (before now), now, or Unix seconds\n");
  EXPECT_EQ(http_get(server->port(), "/debug/pprof/nothing").status, 404);
  EXPECT_EQ(http_get(server->port(), "/").status, 404);
  EXPECT_EQ(http_get(server->port(), "/debug/pprofx").status, 404);
  EXPECT_EQ(
      http_exchange(server->port(), "DELETE /debug/pprof/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
          .status,
      405);
}

TEST(ProfileServer, AProfileOfWhichOnlyTheHeadersAreWantedIsNotTaken) {
  EndpointOptions endpoints;
  endpoints.seconds_max = 1'000'000;
  const auto server = start(endpoints);
  const HttpAnswer answer = http_exchange(server->port(),
                                          "HEAD /debug/pprof/profile?seconds=1000000 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                          "Connection: close\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.head.find("application/octet-stream"), std::string::npos) << answer.head;
  EXPECT_EQ(answer.body, "");
}

TEST(Responses, ASavedPageHasTheProfileInIt) {
  Profile profile = testing::sample_profile();
  profile.frames[0].function = "operator<</script>";
  const std::string page = profile_response(profile, ProfileFormat::kHtml, "profile").body;
  EXPECT_NE(page.find(R"(<script type="application/json" id="saved">{"types":[["samples","count"])"),
            std::string::npos);
  EXPECT_NE(page.find(R"("operator\u003c\u003c/script>")"), std::string::npos) << "a name does not end the data";
  EXPECT_EQ(page.find("<!--PROFILE-->"), std::string::npos);
  EXPECT_EQ(std::string(page_html()).find(R"(id="saved")"), std::string::npos) << "the live page has none";
}

TEST(ProfileServer, AskersForTooManyProfilesAreTurnedAway) {
  ProfileServerOptions options;
  options.port = 0;
  options.profiler.windows_max = 0;
  const auto server = ProfileServer::start(std::move(options));
  ASSERT_TRUE(server.ok());
  EXPECT_EQ(http_get((*server)->port(), "/debug/pprof/profile?seconds=1").status, 503);
}

TEST(Access, ATokenOrThisMachineByAddress) {
  const auto guarded = start({.token = "secret"});
  const HttpAnswer without = http_get(guarded->port(), "/debug/pprof/");
  EXPECT_EQ(without.status, 401);
  EXPECT_NE(without.head.find(
                "WWW-Authenticate: Basic realm=\"profiles\", charset=\"UTF-8\"\r\nWWW-Authenticate: Bearer\r\n"),
            std::string::npos)
      << without.head;
  EXPECT_EQ(without.body,
            "a token is needed: send it as \"Authorization: Bearer TOKEN\", or as the password of any user: "
            "http://user:TOKEN@host:port/debug/pprof/\n");
  const auto with = [&](const std::string& authorization) {
    return http_get(guarded->port(), "/debug/pprof/", "Authorization: " + authorization + "\r\n");
  };
  EXPECT_EQ(with("Bearer secreT").status, 401);
  EXPECT_EQ(with("Bearer secreT").body.substr(0, 19), "the token is wrong:");
  EXPECT_EQ(with("Bearer secret").status, 200);
  EXPECT_EQ(with("bearer  secret").status, 200) << "schemes have no case";
  EXPECT_EQ(with("Basic YW55Om9uZTpzZWNyZXQ=").status, 401) << "any:one:secret, whose password is one:secret";
  EXPECT_EQ(with("basic dXNlcjpzZWNyZXQ=").status, 200) << "user:secret";
  EXPECT_EQ(with("Basic OnNlY3JldA==").status, 200) << ":secret";
  for (const char* wrong :
       {"Basic", "Basic c2VjcmV0", "Basic dXNlcjpzZWNyZVQ=", "Basic ?", "Digest secret", "secret"}) {
    EXPECT_EQ(with(wrong).status, 401) << wrong;
  }
  EXPECT_TRUE(is_loopback("localhost") && is_loopback("127.0.0.1") && is_loopback("::1"));
  EXPECT_FALSE(is_loopback("") || is_loopback("0.0.0.0") || is_loopback("10.0.0.1"));
}

TEST(Access, ANameThatWasReboundToThisMachineIsRefused) {
  const auto server = start();
  const auto ask = [&](const std::string& host) {
    const std::string request = "GET /debug/pprof/ HTTP/1.1\r\nConnection: close\r\nHost: " + host + "\r\n\r\n";
    return http_exchange(server->port(), request);
  };
  const auto status = [&](const std::string& host) { return ask(host).status; };
  EXPECT_EQ(status("evil.example:6060"), 403);
  EXPECT_EQ(
      ask("evil.example:6060").body,
      "the host is \"evil.example:6060\"; without a token it may be an address or localhost: ask for 127.0.0.1, or set "
      "a token\n");
  EXPECT_EQ(status("localhost:6060"), 200);
  EXPECT_EQ(status("127.0.0.1:6060"), 200);
  EXPECT_EQ(status("[::1]:6060"), 200);
}

TEST(Access, OtherMachinesNeedAToken) {
  ProfileServerOptions options;
  options.host = "0.0.0.0";
  options.port = 0;
  const auto open = ProfileServer::start(options);
  ASSERT_FALSE(open.ok());
  EXPECT_EQ(open.error().code, ErrorCode::kInvalidArgument);
  options.endpoints.token = "secret";
  EXPECT_TRUE(ProfileServer::start(options).ok());
}

TEST(ProfileServer, ADiskThatHangsHoldsTheProgramUpForABoundedTimeOnly) {
  const nanospan::testing::TemporaryFolder folder;
  const BusyThreads busy(1, testing::known_hot_function);
  std::latch hangs(1), goes_on(1);
  ProfileServerOptions options;
  options.port = 0;
  options.profiler.continuous = true;
  options.stop_nanos = 0;
  options.recorder.files = {folder.path().string(), 1};  // too little, and the complaint is where the thread hangs
  options.recorder.problem = [&](const std::string&) {
    hangs.count_down();
    goes_on.wait();
  };
  auto server = ProfileServer::start(options);
  ASSERT_TRUE(server.ok()) << server.error().message;
  testing::wait_for_new_samples((*server)->port());
  server->reset();
  hangs.wait();
  options.recorder = {};
  const auto meanwhile = ProfileServer::start(options);
  EXPECT_EQ(meanwhile.ok() ? ErrorCode() : meanwhile.error().code, ErrorCode::kAlreadyExists)
      << "its thread still has the profiler";
  goes_on.count_down();
  options.stop_nanos = ProfileServerOptions().stop_nanos;  // the next one is gone when its destructor returns
  while (!ProfileServer::start(options).ok()) std::this_thread::yield();  // until that thread has let go
}

TEST(ProfileServer, AForkedChildLetsGoOfIt) {
  auto server = start();
  const pid_t child = fork();
  if (child == 0) {
    server.reset();
    _exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(http_get(server->port(), "/debug/pprof/").status, 200);
}

}  // namespace
}  // namespace nanospan::profile

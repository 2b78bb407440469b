// The `bearertokenauth` extension: its keys, whom it lets in, and what it sends.
#include "gateway/extensions/bearertokenauth/bearer_token.h"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "gateway/component/auth_extension.h"
#include "gateway/extensions/bearertokenauth/bearer_token_config.h"
#include "gateway/extensions/bearertokenauth/bearer_token_factory.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"
#include "tests/gateway/headers_of.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::gateway {
namespace {

using ::testing::HasSubstr;
using Kind = ServerAuthenticator::Kind;

class BearerTokenTest : public ::testing::Test {
 protected:
  /// The extension "b" with these keys; its errors.
  std::string make(const std::string& keys) {
    testing::ConfigText text(keys);
    const auto maker = bearer_token_factory().read({"b", ""}, text.reader);
    if (!text.errors().empty()) return text.errors();
    const auto made = maker(host_);
    if (!made) return made.error().message;
    described_ = (*made)->describe();
    return text.warnings();
  }
  ServerAuthenticator::Verdict show(const std::string& lines) {
    return (*host_.authenticators().server("b"))->authenticate(testing::headers_of(lines));
  }
  bool lets_in(const std::string& token) {
    return show("Authorization: Bearer " + token + "\r\n").kind == Kind::kAllowed;
  }
  std::string sent() {
    const net::Header header = (*host_.authenticators().client("b"))->credential();
    return header.name + ": " + header.value;
  }
  /// All of it at once, as who changes a secret should.
  void write(const std::string& text) {
    std::ofstream(folder_ / "new") << text;
    std::filesystem::rename(folder_ / "new", folder_ / "token");
  }
  std::string file() { return "filename: " + (folder_ / "token"); }

  nanospan::testing::TemporaryFolder folder_;
  testing::FakeHost host_;
  std::string described_;
};

TEST_F(BearerTokenTest, TheTokenLetsInAndIsSent) {
  EXPECT_EQ(make("token: s3cret"), "");
  EXPECT_EQ(described_, "authorization: Bearer, tokens 1");
  EXPECT_TRUE(lets_in("s3cret"));
  EXPECT_EQ(sent(), "authorization: Bearer s3cret");
  EXPECT_EQ((*host_.authenticators().server("b"))->challenge(), "Bearer");
  const auto none = show("");
  EXPECT_EQ(none.kind, Kind::kDenied);
  EXPECT_EQ(none.message, "missing or empty authorization header: authorization");
  const auto wrong = show("Authorization: Bearer s3creT\r\n");
  EXPECT_EQ(wrong.kind, Kind::kDenied);
  EXPECT_EQ(wrong.message, "scheme or token does not match") << "and not what was shown";
  for (const char* value : {"s3cret", "Basic s3cret", "Bearer", "Bearer s3cret2", "bearer s3cret"}) {
    EXPECT_EQ(show("Authorization: " + std::string(value) + "\r\n").kind, Kind::kDenied) << value;
  }
}

TEST_F(BearerTokenTest, AnyOfSeveralTokensUnderAnotherHeaderAndScheme) {
  EXPECT_EQ(make("{tokens: [a, b], header: X-Key, scheme: \"\"}"), "");
  EXPECT_EQ(show("x-key: a\r\n").kind, Kind::kAllowed);
  EXPECT_EQ(show("X-KEY: b\r\n").kind, Kind::kAllowed);
  EXPECT_EQ(show("x-key: c\r\n").kind, Kind::kDenied);
  EXPECT_EQ(sent(), "x-key: a");
}

TEST_F(BearerTokenTest, ANewTokenInTheFileIsTakenUp) {
  write("one\n\n  two \n");
  EXPECT_EQ(make(file()), "");
  EXPECT_TRUE(lets_in("one") && lets_in("two"));
  EXPECT_EQ(show("Authorization: Bearer \r\n").kind, Kind::kDenied) << "an empty line is no token";
  write("three\n");
  EXPECT_TRUE(lets_in("one")) << "not looked at yet";
  host_.advance(base::kNanosPerSecond);
  EXPECT_FALSE(lets_in("one"));
  EXPECT_TRUE(lets_in("three"));
  EXPECT_EQ(sent(), "authorization: Bearer three");
  EXPECT_THAT(host_.logged(), HasSubstr("have changed, 1 now"));
}

TEST_F(BearerTokenTest, IsAskedOnManyThreadsWhileTheFileChanges) {
  write("one");
  EXPECT_EQ(make(file()), "");
  const auto server = *host_.authenticators().server("b");
  const net::HeaderBlock headers = testing::headers_of("Authorization: Bearer one\r\n");
  std::atomic<int> denied{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) denied += server->authenticate(headers).kind != Kind::kAllowed;
    });
  }
  for (const char* tokens : {"two\none", "one\ntwo", "one"}) {
    write(tokens);
    host_.advance(base::kNanosPerSecond);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(denied, 0);
}

TEST_F(BearerTokenTest, AFileThatWentBadLeavesTheOldTokens) {
  write("one");
  EXPECT_EQ(make(file()), "");
  write("\n");
  host_.advance(base::kNanosPerSecond);
  EXPECT_TRUE(lets_in("one"));
  EXPECT_THAT(host_.logged(), HasSubstr("holds no token; write one a line; the old tokens stay in use"));
  std::filesystem::remove(folder_ / "token");
  host_.advance(20 * base::kNanosPerSecond);
  EXPECT_TRUE(lets_in("one"));
  EXPECT_THAT(host_.logged(), HasSubstr("cannot be opened: No such file or directory; the old tokens stay in use"));
}

TEST_F(BearerTokenTest, WhatIsWrongIsSaid) {
  EXPECT_EQ(make("scheme: Bearer"), "f.yaml:1: it.token: is missing; give token, tokens or filename\n");
  EXPECT_EQ(make("{token: a, tokens: [b]}"), "f.yaml:1: it.tokens: is given next to token; remove one of them\n");
  EXPECT_EQ(make("tokens: [a, \"\"]"),
            "f.yaml:1: it.tokens: has an empty token, which would let anybody in; remove it\n");
  EXPECT_EQ(make("token: \"a\\nb\""), "f.yaml:1: it.tokens: has a token that cannot be sent in a header\n");
  EXPECT_EQ(make("{token: a, header: \"a b\"}"), "f.yaml:1: it.header: \"a b\" is no name of a header\n");
  EXPECT_THAT(make("token: 12345"), HasSubstr("it.token: expected text (put it in quotes)\n")) << "and not what it is";
  EXPECT_EQ(make("tokn: a").substr(0, 49), "f.yaml:1: it.token: is missing; give token, token");
  EXPECT_EQ(make(file()), "filename: \"" + (folder_ / "token") + "\" cannot be opened: No such file or directory");
  write("\n");
  EXPECT_EQ(make(file()), "filename: \"" + (folder_ / "token") + "\" holds no token; write one a line");
  write("a");
  EXPECT_EQ(make("{token: b, " + file() + "}"),
            "f.yaml:1: it.filename: is what counts; token and tokens are ignored, as in the Collector\n");
  EXPECT_TRUE(lets_in("a"));
  EXPECT_FALSE(lets_in("b"));
}

}  // namespace
}  // namespace nanospan::gateway

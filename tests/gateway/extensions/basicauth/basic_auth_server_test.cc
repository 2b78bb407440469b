// The `basicauth` extension for receivers: whom it lets in, and that guessing does not stop the gateway.
#include "gateway/extensions/basicauth/basic_auth_server.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/base64.h"
#include "gateway/extensions/basicauth/basic_auth_config.h"
#include "gateway/extensions/basicauth/basic_auth_factory.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"
#include "tests/gateway/headers_of.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::gateway {
namespace {

using ::testing::HasSubstr;
using Kind = ServerAuthenticator::Kind;

constexpr const char* kBcrypt = "$2b$04$RVLL.HI35TSChY6zndKCaOo9UbLhkf8.06OjDQTT.w3tI.Zl39SbC";  // "secret"

/// A clock by which each look at it, so also each slow check, takes ten milliseconds.
class TickingClock final : public base::Clock {
 public:
  base::UnixNanos unix_now() const override { return 0; }
  base::MonotonicNanos monotonic_now() const override { return now += 10 * base::kNanosPerMilli; }
  mutable std::atomic<base::MonotonicNanos> now{base::kNanosPerSecond};
};

class BasicAuthServerTest : public ::testing::Test {
 protected:
  void start(const std::string& users) {
    BasicAuthConfig config;
    config.is_server = true;
    config.htpasswd_inline = users;
    start(config);
  }
  void start(const BasicAuthConfig& config) {
    auto made = BasicAuthServer::create(config, "extension basicauth", host_.log(), clock_);
    ASSERT_TRUE(made.ok()) << made.error().message;
    server_ = std::move(made).value();
  }
  ServerAuthenticator::Verdict show(const std::string& authorization) {
    return server_->authenticate(testing::headers_of("Authorization: " + authorization + "\r\n"));
  }
  Kind show(const std::string& user, const std::string& password) {
    std::string value = "Basic ";
    base::append_base64(user + ":" + password, value);
    return show(value).kind;
  }
  /// After whatever rest there is.
  Kind show_later(const std::string& user, const std::string& password) {
    clock_.now += base::kNanosPerSecond;
    return show(user, password);
  }

  testing::FakeHost host_;
  TickingClock clock_;
  std::shared_ptr<BasicAuthServer> server_;
};

TEST_F(BasicAuthServerTest, PlainAndHashedUsersAreLetIn) {
  start("alice:" + std::string(kBcrypt) + "\nbob:pass:word");
  EXPECT_EQ(server_->users(), 2u);
  EXPECT_EQ(show_later("alice", "secret"), Kind::kAllowed);
  EXPECT_EQ(show_later("bob", "pass:word"), Kind::kAllowed);
  EXPECT_EQ(show_later("alice", "pass:word"), Kind::kDenied);
  EXPECT_EQ(show_later("bob", "secret"), Kind::kDenied);
  EXPECT_EQ(show_later("carol", "secret"), Kind::kDenied)
      << "the hash that an unknown user is checked against is not his";
  EXPECT_EQ(show_later("bob", ""), Kind::kDenied);
  EXPECT_EQ(server_->challenge(), "Basic realm=\"nanospan\"");
}

TEST_F(BasicAuthServerTest, RefusalsAreTheCollectorsWords) {
  start("bob:x");
  EXPECT_EQ(server_->authenticate(testing::headers_of("")).message, "no basic auth provided");
  EXPECT_EQ(show("Bearer x").message, "invalid authorization scheme prefix");
  EXPECT_EQ(show("Basic").message, "invalid authorization scheme prefix");
  EXPECT_EQ(show("Basic ?").message, "invalid authorization format");
  EXPECT_EQ(show("Basic Ym9i").message, "invalid authorization format") << "no colon";
  EXPECT_EQ(show("Basic Ym9iOgB4").message, "invalid authorization format") << "a NUL, where crypt(3) would stop";
  EXPECT_EQ(show("basic Ym9iOng=").kind, Kind::kAllowed) << "schemes have no case";
  EXPECT_EQ(show("Basic Ym9iOnk=").message, "invalid credentials");
}

TEST_F(BasicAuthServerTest, AnAnswerIsRemembered) {
  start("alice:" + std::string(kBcrypt));
  EXPECT_EQ(show("alice", "secret"), Kind::kAllowed);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(show("alice", "secret"), Kind::kAllowed);
  EXPECT_EQ(show_later("alice", "wrong"), Kind::kDenied);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(show("alice", "wrong"), Kind::kDenied);
}

TEST_F(BasicAuthServerTest, GuessingGetsAQuarterOfOneCore) {
  start("alice:" + std::string(kBcrypt));
  const base::MonotonicNanos begun = clock_.now;
  int checked = 0, told_to_come_back = 0;
  for (int i = 0; i < 1000; ++i) {
    const Kind kind = show("alice", "guess " + std::to_string(i));
    checked += kind == Kind::kDenied;
    told_to_come_back += kind == Kind::kBusy;
  }
  EXPECT_EQ(checked + told_to_come_back, 1000);
  const std::uint64_t checks_max = (clock_.now - begun) / (4 * 10 * base::kNanosPerMilli);
  EXPECT_LE(static_cast<std::uint64_t>(checked), checks_max + 1);
  EXPECT_GT(checked, 0);
  EXPECT_EQ(show_later("alice", "secret"), Kind::kAllowed) << "as soon as its turn comes";
}

TEST_F(BasicAuthServerTest, IsAskedOnManyThreads) {
  start("alice:" + std::string(kBcrypt) + "\nbob:x");
  EXPECT_EQ(show("alice", "secret"), Kind::kAllowed);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 200; ++j) {
        wrong += show("alice", "secret") != Kind::kAllowed;
        wrong += show("bob", "x") != Kind::kAllowed;
        wrong += show("alice", std::to_string(i * 1000 + j)) == Kind::kAllowed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(BasicAuthServerTest, AChangedFileIsTakenUp) {
  const nanospan::testing::TemporaryFolder folder;
  const auto write = [&](const std::string& text) { std::ofstream(folder / "users") << text; };
  BasicAuthConfig config;
  config.is_server = true;
  config.htpasswd_file = folder / "users";
  config.htpasswd_inline = "root:always";
  write("alice:" + std::string(kBcrypt));
  start(config);
  EXPECT_EQ(show_later("alice", "secret"), Kind::kAllowed);
  write("bob:x");
  EXPECT_EQ(show_later("alice", "secret"), Kind::kDenied) << "what was remembered is forgotten";
  EXPECT_EQ(show_later("bob", "x"), Kind::kAllowed);
  EXPECT_EQ(show_later("root", "always"), Kind::kAllowed);
  write("broken");
  EXPECT_EQ(show_later("bob", "x"), Kind::kAllowed);
  EXPECT_THAT(host_.logged(), HasSubstr("line 1: is not user:password; the old users stay"));
}

TEST_F(BasicAuthServerTest, WhatIsWrongIsSaid) {
  const auto make = [&](const std::string& keys) {
    testing::ConfigText text(keys);
    const auto maker = basic_auth_factory().read({"basicauth", ""}, text.reader);
    if (!text.errors().empty()) return text.errors();
    const auto made = maker(host_);
    return made.ok() ? (*made)->describe() : made.error().message;
  };
  EXPECT_EQ(make("htpasswd: {inline: \"a:b\"}"), "lets in, users 1");
  EXPECT_TRUE(host_.authenticators().server("basicauth").ok());
  EXPECT_FALSE(host_.authenticators().client("basicauth").ok());
  EXPECT_EQ(make("{}"),
            "f.yaml:1: it: needs htpasswd, to check what receivers get, or client_auth, to send a user name\n");
  EXPECT_EQ(make("htpasswd: {}"),
            "f.yaml:1: it.htpasswd: has no users; give file or inline, with user:password a line\n");
  EXPECT_EQ(make("{htpasswd: {inline: \"a:b\"}, client_auth: {username: c}}"),
            "f.yaml:1: it.client_auth: is given next to htpasswd; make two extensions of them, basicauth/in and "
            "basicauth/out\n");
  EXPECT_EQ(make("htpasswd: {inline: a}"), "htpasswd.inline, line 1: is not user:password");
  EXPECT_EQ(make("htpasswd: {file: /no/such}"),
            "htpasswd.file: \"/no/such\" cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace nanospan::gateway

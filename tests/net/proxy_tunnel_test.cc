// A tunnel, byte by byte: what comes after the proxy's answer is left to whoever has the socket then.
#include "net/proxy_tunnel.h"

#include <gmock/gmock.h>

#include <optional>

#include "tests/net/loop_fixture.h"

namespace nanospan::net {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kAsk = "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n";

class ProxyTunnelTest : public LoopTest {
 protected:
  void SetUp() override {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    proxy_ = Fd(pair[1]);
    tunnel_.emplace(*loop_, Fd(pair[0]), kAsk, [this](Result<Fd> result) {
      result_ = std::move(result);
      tunnel_.reset();  // as a user may
    });
    tunnel_->start();
    settle();
  }
  void say(std::string_view bytes) {
    ASSERT_EQ(::send(proxy_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    settle();
  }
  static std::string heard(const Fd& socket) {
    char buffer[4096];
    const ssize_t count = ::recv(socket.get(), buffer, sizeof buffer, 0);
    return count > 0 ? std::string(buffer, static_cast<std::size_t>(count)) : "";
  }
  std::string refusal() { return result_ && !result_->ok() ? result_->error().message : "no refusal"; }

  Fd proxy_;
  std::optional<ProxyTunnel> tunnel_;
  std::optional<Result<Fd>> result_;
};

TEST_F(ProxyTunnelTest, TheFirstBytesOfTheOriginAreNotTaken) {
  EXPECT_EQ(heard(proxy_), kAsk);
  say("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nthe origin's");
  ASSERT_TRUE(result_.has_value());
  ASSERT_TRUE(result_->ok()) << refusal();
  EXPECT_EQ(heard(**result_), "the origin's");
  ASSERT_EQ(::send((*result_)->get(), "mine", 4, MSG_NOSIGNAL), 4);
  EXPECT_EQ(heard(proxy_), "mine");
}

TEST_F(ProxyTunnelTest, AnAnswerMayComeInAnyPieces) {
  const std::string answer = "HTTP/1.0 200 OK\r\nA: " + std::string(3000, 'x') + "\r\n\r\n";
  for (const char c : answer.substr(0, answer.size() - 1)) {
    say({&c, 1});
    ASSERT_FALSE(result_.has_value());
  }
  say("\nrest");
  ASSERT_TRUE(result_.has_value() && result_->ok());
  EXPECT_EQ(heard(**result_), "rest");
}

TEST_F(ProxyTunnelTest, ARefusalIsToldWithItsStatus) {
  say("HTTP/1.1 403 Forbidden by \x01 rule\r\nContent-Length: 3\r\n\r\nno!");
  EXPECT_EQ(refusal(), "it answered 403 Forbidden by . rule");
}

TEST_F(ProxyTunnelTest, MissingCredentialsHaveARemedy) {
  say("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n");
  EXPECT_EQ(refusal(),
            "it answered 407 Proxy Authentication Required; give it user and password: "
            "http://user:password@host:port");
}

TEST_F(ProxyTunnelTest, WhatIsNoProxyIsNamed) {
  say("SSH-2.0-OpenSSH_9.2\r\n");
  EXPECT_EQ(refusal(), "it does not answer as an HTTP proxy does");
}

TEST_F(ProxyTunnelTest, AnEndWithoutAnAnswer) {
  EXPECT_EQ(heard(proxy_), kAsk);
  say("HTTP/1.1 2");
  proxy_.reset();
  settle();
  EXPECT_EQ(refusal(), "it closed the connection without an answer to CONNECT");
}

TEST_F(ProxyTunnelTest, AnAnswerWithoutEndIsNotReadForEver) {
  for (int i = 0; i < 40 && !result_; ++i) say((i == 0 ? "HTTP/1.1 200 OK\r\nA: " : "") + std::string(500, 'x'));
  EXPECT_EQ(refusal(), "its answer to CONNECT has no end");
}

}  // namespace
}  // namespace nanospan::net

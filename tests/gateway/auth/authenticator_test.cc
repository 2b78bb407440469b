// Finding an authenticator by its name, and the `auth` key.
#include "gateway/auth/authenticator.h"

#include <gtest/gtest.h>

#include "tests/gateway/config_text.h"

namespace nanospan::gateway {
namespace {

struct Anybody final : ServerAuthenticator {
  Verdict authenticate(const net::HeaderBlock&) override { return {}; }
  std::string_view challenge() const override { return "None"; }
};
struct Nobody final : ClientAuthenticator {
  net::Header credential() override { return {"authorization", "none"}; }
};

TEST(Authenticators, AreFoundByTheirNameForTheRightSide) {
  Authenticators all;
  all.add("in", std::make_shared<Anybody>(), nullptr);
  all.add("out", nullptr, std::make_shared<Nobody>());
  EXPECT_NE(*all.server("in"), nullptr);
  EXPECT_NE(*all.client("out"), nullptr);
  EXPECT_EQ(*all.server(""), nullptr) << "no name, no authenticator";
  EXPECT_EQ(*all.client(""), nullptr);
  EXPECT_EQ(all.server("out").error().message,
            "auth.authenticator: \"out\" is for exporters; give the receiver one that checks, such as htpasswd");
  EXPECT_EQ(all.client("in").error().message,
            "auth.authenticator: \"in\" is for receivers; give the exporter one with client_auth or a token");
  EXPECT_EQ(all.server("x").error().message,
            "auth.authenticator: \"x\" is no authenticator in service.extensions; declare it under extensions and list "
            "it there");
}

TEST(Authenticators, TheKey) {
  const auto read = [](const std::string& keys) {
    testing::ConfigText text(keys);
    const std::string name = read_authenticator(text.reader);
    return text.errors().empty() ? name : text.errors();
  };
  EXPECT_EQ(read("a: b"), "");
  EXPECT_EQ(read("auth: {authenticator: basicauth/in}"), "basicauth/in");
  EXPECT_EQ(read("auth: {}"),
            "f.yaml:1: it.auth.authenticator: is missing; write the name of an extension, such as bearertokenauth\n");
  EXPECT_EQ(read("auth: {authenticator: x, request_params: [token]}"),
            "f.yaml:1: it.auth.request_params: not supported by this build; send the credential in a header\n");
  EXPECT_EQ(read("auth: {autenticator: x, authenticator: y}"),
            "f.yaml:1: it.auth.autenticator: unknown key; did you mean \"authenticator\"?\n");
}

TEST(Authenticators, ACredentialGoesOverAConfiguredHeader) {
  std::vector<net::Header> headers = {{"a", "1"}, {"Authorization", "old"}};
  set_credential(headers, {"authorization", "new"});
  ASSERT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers[1].value, "new");
}

}  // namespace
}  // namespace nanospan::gateway

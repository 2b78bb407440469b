// The `basicauth` extension for exporters: what it sends.
#include "gateway/extensions/basicauth/basic_auth_client.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "gateway/extensions/basicauth/basic_auth_factory.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::gateway {
namespace {

class BasicAuthClientTest : public ::testing::Test {
 protected:
  std::string make(const std::string& keys) {
    testing::ConfigText text("client_auth: {" + keys + "}");
    const auto maker = basic_auth_factory().read({"out", ""}, text.reader);
    if (!text.errors().empty()) return text.errors();
    const auto made = maker(host_);
    return made.ok() ? (*made)->describe() : made.error().message;
  }
  std::string sent() {
    const net::Header header = (*host_.authenticators().client("out"))->credential();
    return header.name + ": " + header.value;
  }

  testing::FakeHost host_;
};

TEST_F(BasicAuthClientTest, SendsUserAndPassword) {
  EXPECT_EQ(make("username: Aladdin, password: open sesame"), "sends user Aladdin");
  EXPECT_EQ(sent(), "authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==") << "RFC 7617, 2";
}

TEST_F(BasicAuthClientTest, FilesAreFollowed) {
  const nanospan::testing::TemporaryFolder folder;
  std::ofstream(folder / "user") << "Aladdin\n";
  std::ofstream(folder / "password") << "closed\n";
  EXPECT_EQ(make("username_file: " + (folder / "user") + ", password_file: " + (folder / "password")),
            "sends the user in " + (folder / "user"));
  std::ofstream(folder / "password") << "open sesame\n";
  host_.advance(base::kNanosPerSecond);
  EXPECT_EQ(sent(), "authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  std::filesystem::remove(folder / "password");
  host_.advance(base::kNanosPerSecond);
  EXPECT_EQ(sent(), "authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_THAT(host_.logged(), ::testing::HasSubstr("what it held before stays in use"));
}

TEST_F(BasicAuthClientTest, WhatIsWrongIsSaid) {
  EXPECT_EQ(make("password: x"), "f.yaml:1: it.client_auth.username: is missing; give it or username_file\n");
  EXPECT_EQ(make("username: \"a:b\""),
            "f.yaml:1: it.client_auth.username: has a colon, which a user's name cannot have\n");
  EXPECT_EQ(make("username: a, aws_secrets_manager: {secret_arn: x}"),
            "f.yaml:1: it.client_auth.aws_secrets_manager: not supported by this build; let something write the "
            "password to a file, and give password_file\n");
  EXPECT_EQ(make("username: a, password_file: /no/such"),
            "password_file: \"/no/such\" cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace nanospan::gateway

// Files of users: their forms, and what is refused.
#include "gateway/extensions/basicauth/htpasswd.h"

#include <gtest/gtest.h>

namespace nanospan::gateway {
namespace {

// "secret", by libcrypt: bcrypt of cost 4, and SHA-512 of 1000 rounds.
constexpr const char* kBcryptOfSecret = "$2b$04$RVLL.HI35TSChY6zndKCaOo9UbLhkf8.06OjDQTT.w3tI.Zl39SbC";
constexpr const char* kSha512 =
    "$6$rounds=1000$DNK7BToRgIwbXAtl$Xn/wPb3fsPnOOI2KjiG7jliLnQB0NrDalpsCjbyb8sw/bohd.tUdoSxunE90zplhDZ5tv5X2RCnpCBg/"
    "t83Zk1";

TEST(Htpasswd, PlainAndHashedPasswords) {
  Htpasswd users;
  ASSERT_TRUE(
      users.add("# users\r\n\nalice:" + std::string(kBcryptOfSecret) + "\r\n bob:a:b \ncarol:" + kSha512, "f").ok());
  EXPECT_EQ(users.size(), 3u);
  EXPECT_EQ(users.find("bob"), "a:b");
  EXPECT_EQ(users.find("dave"), "");
  EXPECT_EQ(users.any(), kBcryptOfSecret) << "a hashed one, where there is one";
  for (const char* user : {"alice", "carol"}) {
    const std::string kept(users.find(user));
    EXPECT_TRUE(Htpasswd::is_hash(kept));
    EXPECT_TRUE(Htpasswd::matches(kept, "secret")) << user;
    EXPECT_FALSE(Htpasswd::matches(kept, "Secret")) << user;
    EXPECT_FALSE(Htpasswd::matches(kept, kept)) << user;
  }
  EXPECT_TRUE(Htpasswd::matches("a:b", "a:b"));
  EXPECT_FALSE(Htpasswd::matches("a:b", "a:c"));
}

TEST(Htpasswd, HashesOfOtherProgramsAreUnderstood) {
  // As Apache's htpasswd -B writes it: 2y, which is 2b.
  const std::string apache = "$2y" + std::string(kBcryptOfSecret).substr(3);
  EXPECT_TRUE(Htpasswd::matches(apache, "secret"));
}

TEST(Htpasswd, TheLastLineOfAUserCounts) {
  Htpasswd users;
  ASSERT_TRUE(users.add("a:1\na:2", "f").ok());
  ASSERT_TRUE(users.add("a:3", "inline").ok());
  EXPECT_EQ(users.find("a"), "3");
}

TEST(Htpasswd, WhatIsWrongIsNamedByItsLine) {
  const auto error = [](const std::string& text) {
    Htpasswd users;
    const Status added = users.add(text, "f");
    return added.ok() ? "" : added.error().message;
  };
  EXPECT_EQ(error("a:1\nb"), "f, line 2: is not user:password");
  EXPECT_EQ(error(":x"), "f, line 1: is not user:password");
  EXPECT_EQ(error("a:"), "f, line 1: the password is empty");
  for (const char* old : {"$apr1$x$y", "{SHA}x", "{SSHA}x"}) {
    EXPECT_EQ(error("a:" + std::string(old)),
              "f, line 1: MD5 and SHA-1 are not checked, they no longer protect a password; make it with htpasswd -B");
  }
  EXPECT_EQ(error("a:$2y$10$short"), "f, line 1: the bcrypt hash is not whole; make it with htpasswd -B");
  EXPECT_EQ(error("a:$none$x"),
            "f, line 1: the password begins as a hash does, but as none that crypt(3) knows; make it with htpasswd -B");
}

}  // namespace
}  // namespace nanospan::gateway

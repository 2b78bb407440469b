// References to the environment, with the Collector's rules.
#include "gateway/config/expand.h"

#include <gtest/gtest.h>

namespace nanospan::gateway {
namespace {

std::optional<std::string> environment(std::string_view name) {
  if (name == "HOST") return "db";
  if (name == "KEY") return "HOST";
  if (name == "EMPTY") return "";
  if (name == "DOLLAR") return "a$HOST${HOST}";
  return std::nullopt;
}

std::string expanded(std::string_view text) {
  const Result<Expansion> result = expand(text, environment);
  return result ? result->text : "error: " + result.error().message;
}

TEST(Expand, References) {
  EXPECT_EQ(expanded("${env:HOST}:4318"), "db:4318");
  EXPECT_EQ(expanded("${HOST}"), "db");
  EXPECT_EQ(expanded("${env:PORT:-4318}"), "4318");
  EXPECT_EQ(expanded("${env:EMPTY:-x}"), "x");
  EXPECT_EQ(expanded("${env:PORT:-${env:HOST}}"), "db");
  EXPECT_EQ(expanded("${env:${env:KEY}}"), "db");
}

TEST(Expand, WhatIsNoReferenceStays) {
  EXPECT_EQ(expanded("$HOST $$ $${HOST} ${HOST"), "$HOST $ ${HOST} ${HOST");
  EXPECT_EQ(expanded("100$"), "100$");
}

TEST(Expand, ValuesAreNotExpandedAgain) { EXPECT_EQ(expanded("${env:DOLLAR}"), "a$HOST${HOST}"); }

TEST(Expand, UnsetIsEmptyAndReported) {
  const Result<Expansion> result = expand("a${env:NOPE}b", environment);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->text, "ab");
  EXPECT_EQ(result->unset, std::vector<std::string>{"NOPE"});
  EXPECT_FALSE(result->is_whole_value);
  EXPECT_TRUE(expand("${env:HOST}", environment)->is_whole_value);
}

TEST(Expand, WrongReferences) {
  EXPECT_EQ(expanded("${file:/etc/x}"),
            "error: ${file:/etc/x} uses \"file:\", which this build does not read; use ${env:NAME}");
  EXPECT_EQ(expanded("${env:1A}"),
            "error: \"1A\" is not the name of an environment variable; a literal ${ is written $${");
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "${";
  for (int i = 0; i < 40; ++i) deep += "}";
  EXPECT_EQ(expanded(deep), "error: ${} references are nested too deeply (limit 16)");
}

}  // namespace
}  // namespace nanospan::gateway

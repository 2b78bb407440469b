// References in values, with the Collector's rules.
#include "gateway/config/expand.h"

#include <gtest/gtest.h>

namespace nanospan::gateway {
namespace {

using Origin = Expansion::Origin;

std::optional<std::string> environment(std::string_view name) {
  if (name == "HOST") return "db";
  if (name == "KEY") return "HOST";
  if (name == "EMPTY") return "";
  if (name == "DOLLAR") return "a$HOST${HOST}";
  return std::nullopt;
}

Result<std::string> file(const std::string& path) {
  if (path == "/db/name") return std::string("orders\n");
  if (path == "url") return std::string("${HOST}:80");
  return Error{ErrorCode::kSystem, "No such file or directory"};
}

const ConfigProviders kKnownProviders{environment, file};

std::string expanded(std::string_view text) {
  const Result<Expansion> result = expand(text, kKnownProviders);
  return result ? result->text : "error: " + result.error().message;
}

TEST(Expand, Variables) {
  EXPECT_EQ(expanded("${env:HOST}:4318"), "db:4318");
  EXPECT_EQ(expanded("${HOST}"), "db");
  EXPECT_EQ(expanded("${env:PORT:-4318}"), "4318");
  EXPECT_EQ(expanded("${env:PORT:-${env:HOST}}"), "db");
  EXPECT_EQ(expanded("${env:${env:KEY}}"), "db");
}

TEST(Expand, ADefaultIsForWhatIsUnsetNotForWhatIsEmpty) {
  EXPECT_EQ(expanded("<${env:EMPTY:-x}>"), "<>");
  EXPECT_EQ(expanded("<${env:NOPE:-x}>"), "<x>");
  EXPECT_TRUE(expand("${env:NOPE:-}", kKnownProviders)->is_empty_default);
  EXPECT_FALSE(expand("${env:NOPE}", kKnownProviders)->is_empty_default);
}

TEST(Expand, FilesAndYaml) {
  EXPECT_EQ(expanded("${file:/db/name}"), "orders");
  EXPECT_EQ(expanded("/${file:/${HOST}/name}/${yaml:x}"), "/orders/x");
  EXPECT_EQ(expanded("http://${file:url}"), "http://db:80");
  EXPECT_EQ(expanded("http://${yaml:$${HOST}}"), "http://db");
  EXPECT_EQ(expanded("${file:/none}"), "error: ${file:/none} cannot be read: No such file or directory");
}

TEST(Expand, WhatIsNoReferenceStays) {
  EXPECT_EQ(expanded("$HOST $$ $${HOST} ${HOST"), "$HOST $ ${HOST} ${HOST");
  EXPECT_EQ(expanded("100$"), "100$");
}

TEST(Expand, VariablesAreNotExpandedAgain) {
  EXPECT_EQ(expanded("${env:DOLLAR}"), "a$HOST${HOST}");
  EXPECT_EQ(expanded("<${env:DOLLAR}>"), "<a$HOST${HOST}>");
}

TEST(Expand, AValueThatIsOneReferenceSaysToWhat) {
  EXPECT_EQ(expand("${env:HOST}", kKnownProviders)->whole_value, Origin::kEnvironment);
  EXPECT_EQ(expand("${yaml:[1]}", kKnownProviders)->whole_value, Origin::kYaml);
  EXPECT_EQ(expand("${file:url}", kKnownProviders)->file, "url");
  EXPECT_EQ(expand("${env:HOST}${env:HOST}", kKnownProviders)->whole_value, Origin::kNone);
}

TEST(Expand, UnsetIsEmptyAndReported) {
  const Result<Expansion> result = expand("a${env:NOPE}b", kKnownProviders);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->text, "ab");
  EXPECT_EQ(result->unset, std::vector<std::string>{"NOPE"});
}

TEST(Expand, WrongReferences) {
  EXPECT_EQ(expanded("${http:x}"),
            "error: ${http:x} uses \"http:\", which this build does not read; it has env:, file: and yaml:");
  EXPECT_EQ(expanded("${env:1A}"),
            "error: \"1A\" is not the name of an environment variable; a literal ${ is written $${");
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "${";
  for (int i = 0; i < 40; ++i) deep += "}";
  EXPECT_EQ(expanded(deep), "error: ${} references are nested too deeply (limit 16)");
}

}  // namespace
}  // namespace nanospan::gateway

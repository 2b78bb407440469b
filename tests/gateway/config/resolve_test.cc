// Sources, references and types: what the Collector would make of them.
#include "gateway/config/resolve.h"

#include <gtest/gtest.h>

#include <map>

#include "gateway/config/map_reader.h"

namespace nanospan::gateway {
namespace {

const std::map<std::string, std::string, std::less<>> kVariables = {
    {"PORT", "4318"},          {"OCTAL", "0123"},       {"LIST", "[a, '${env:PORT}']"}, {"QUOTED", "\"5\""},
    {"COMMENTED", "5 # five"}, {"NOT_YAML", "a: b: c"}, {"DOLLARS", "p$$w${PORT}"}};

const std::map<std::string, std::string, std::less<>> kFiles = {
    {"otlp.yaml", "protocols:\n  http:\n    endpoint: localhost:${env:PORT}\n    oops: 1\n"},
    {"secret", "s3cr3t\n"},
    {"price", "5$$\n"},
    {"itself.yaml", "a: ['${file:itself.yaml}']\n"},
    {"twice.yaml", "a: ${file:twice.yaml}\nb: ${file:twice.yaml}\n"},
    {"broken.yaml", "a: [1\n"}};

const ConfigProviders kProviders{[](std::string_view name) -> std::optional<std::string> {
                                   const auto found = kVariables.find(name);
                                   if (found == kVariables.end()) return std::nullopt;
                                   return found->second;
                                 },
                                 [](const std::string& path) -> Result<std::string> {
                                   const auto found = kFiles.find(path);
                                   if (found == kFiles.end())
                                     return Error{ErrorCode::kSystem, "No such file or directory"};
                                   return found->second;
                                 }};

struct Resolved {
  explicit Resolved(std::vector<ConfigSource> sources)
      : root(resolve_config(sources, kProviders, diagnostics)), reader(root, "", diagnostics) {}
  explicit Resolved(std::string text) : Resolved(std::vector<ConfigSource>{{"f.yaml", std::move(text)}}) {}

  std::string string(std::string_view key) {
    std::string out = "(default)";
    reader.read(key, out);
    return out;
  }
  std::uint64_t number(std::string_view key) {
    std::uint64_t out = 0;
    reader.read(key, out);
    return out;
  }
  const std::vector<std::string>& errors() const { return diagnostics.errors(); }

  Diagnostics diagnostics;
  ConfigNode root;
  MapReader reader;
};

using Lines = std::vector<std::string>;

TEST(Resolve, AValueThatIsOneReferenceIsNumberOrTextAsItsFieldWants) {
  Resolved config("a: ${env:OCTAL}\nb: \"${env:OCTAL}\"\nc: ${env:COMMENTED}\nd: ${yaml:7}\n");
  EXPECT_EQ(config.number("a"), 83u);
  EXPECT_EQ(config.string("a"), "0123");
  EXPECT_EQ(config.number("b"), 83u);
  EXPECT_EQ(config.number("c"), 5u);
  EXPECT_EQ(config.string("c"), "5 # five");
  EXPECT_EQ(config.number("d"), 7u);
  EXPECT_EQ(config.errors(), Lines{});
}

TEST(Resolve, WhatIsPutTogetherIsText) {
  Resolved config("a: 1${env:PORT}\nb: ${env:QUOTED}\nc: ${env:NOT_YAML}\n");
  EXPECT_EQ(config.string("a"), "14318");
  EXPECT_EQ(config.string("b"), "\"5\"");
  EXPECT_EQ(config.string("c"), "a: b: c");
  EXPECT_EQ(config.errors(), Lines{});
  EXPECT_EQ(config.number("a"), 0u);
  EXPECT_EQ(config.errors(), Lines{"f.yaml:1: a: expected an integer, found the string \"14318\""});
}

TEST(Resolve, NothingAndTheEmptyDefaultDiffer) {
  Resolved config("a: ${env:NOPE}\nb: ${env:NOPE:-}\n");
  EXPECT_EQ(config.string("a"), "(default)");
  EXPECT_EQ(config.string("b"), "");
  EXPECT_EQ(config.diagnostics.warnings(),
            Lines{"f.yaml:1: environment variable NOPE is not set; its value is taken as empty"});
}

TEST(Resolve, AVariableIsAValueAndIsNotExpandedAgain) {
  Resolved config("a: ${env:DOLLARS}\nb: <${env:DOLLARS}>\nc: ${env:LIST}\n");
  EXPECT_EQ(config.string("a"), "p$$w${PORT}");
  EXPECT_EQ(config.string("b"), "<p$$w${PORT}>");
  EXPECT_EQ(config.root.find("c")->items[1].text, "${env:PORT}");
  EXPECT_EQ(config.root.find("c")->line, 3);
}

TEST(Resolve, AFileIsConfigurationWithLinesOfItsOwn) {
  Resolved config("a: ${file:secret}\nb: ${file:price}\notlp: ${file:otlp.yaml}\n");
  EXPECT_EQ(config.string("a"), "s3cr3t");
  EXPECT_EQ(config.string("b"), "5$");
  MapReader http = *config.reader.child("otlp")->child("protocols")->child("http");
  std::string endpoint;
  http.read("endpoint", endpoint);
  EXPECT_EQ(endpoint, "localhost:4318");
  http.finish();
  EXPECT_EQ(config.errors(), Lines{"otlp.yaml:4: otlp.protocols.http.oops: unknown key; known here: endpoint"});
}

TEST(Resolve, FilesThatCannotBeUsed) {
  EXPECT_EQ(Resolved("\na: ${file:none}\n").errors(),
            Lines{"f.yaml:2: ${file:none} cannot be read: No such file or directory"});
  Resolved broken("a: ${file:broken.yaml}\n");
  EXPECT_EQ(broken.string("a"), "a: [1");
  ASSERT_EQ(broken.diagnostics.warnings().size(), 1u);
  EXPECT_EQ(broken.diagnostics.warnings()[0].substr(0, 69),
            "f.yaml:1: ${file:broken.yaml} is taken as text; broken.yaml:1: this i");
}

TEST(Resolve, FilesThatIncludeThemselvesEnd) {
  EXPECT_EQ(Resolved("x: ${file:itself.yaml}\n").errors(),
            Lines{"itself.yaml:1: ${} references are nested too deeply (limit 16)"});
  const Resolved twice("x: ${file:twice.yaml}\n");
  ASSERT_FALSE(twice.errors().empty());
  EXPECT_EQ(twice.errors().size(), Diagnostics::kLinesMax);
}

TEST(Resolve, SourcesAreMergedBeforeReferencesAreReplaced) {
  Resolved config(
      {{"a.yaml", "x: ${env:NOPE}\ny: ${file:otlp.yaml}\n"}, {"b.yaml", "x: 1\ny: {protocols: {grpc: 2}}\n"}});
  EXPECT_EQ(config.number("x"), 1u);
  EXPECT_EQ(config.root.find("y")->find("protocols")->entries.size(), 1u);
  EXPECT_EQ(config.diagnostics.warnings(), Lines{});
}

}  // namespace
}  // namespace nanospan::gateway

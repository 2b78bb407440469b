// YAML into ConfigNode: lines, quotes, references, merge keys, and files that mean harm.
#include "gateway/config/yaml.h"

#include <gtest/gtest.h>

namespace nanospan::gateway {
namespace {

std::optional<std::string> environment(std::string_view name) {
  if (name == "PORT") return "4318";
  if (name == "LIST") return "[a, b]";
  return std::nullopt;
}

struct Parsed {
  explicit Parsed(std::string_view text) : root(parse_yaml(text, environment, diagnostics)) {}
  Diagnostics diagnostics{"f.yaml"};
  ConfigNode root;
};

TEST(Yaml, KeepsOrderLinesAndQuotes) {
  const Parsed parsed("a: 1\nb:\n  c: \"5\"\n  d:\n");
  ASSERT_TRUE(parsed.diagnostics.ok());
  ASSERT_EQ(parsed.root.entries.size(), 2u);
  const ConfigNode& b = *parsed.root.find("b");
  EXPECT_EQ(b.entries[0].line, 3);
  EXPECT_TRUE(b.find("c")->is_quoted);
  EXPECT_FALSE(parsed.root.find("a")->is_quoted);
  EXPECT_TRUE(b.find("d")->is_null());
  EXPECT_EQ(b.find("d")->line, 4);
}

TEST(Yaml, WholeReferencesAreReadAsYaml) {
  const Parsed parsed("port: ${env:PORT}\nlist: ${env:LIST}\nunset: ${env:NOPE}\n");
  EXPECT_EQ(parsed.root.find("port")->text, "4318");
  EXPECT_TRUE(parsed.root.find("port")->is_text);
  EXPECT_FALSE(parsed.root.find("port")->is_quoted);
  EXPECT_EQ(parsed.root.find("list")->items.size(), 2u);
  EXPECT_EQ(parsed.root.find("list")->line, 2);
  EXPECT_TRUE(parsed.root.find("unset")->is_null());
  ASSERT_EQ(parsed.diagnostics.warnings().size(), 1u);
  EXPECT_EQ(parsed.diagnostics.warnings()[0],
            "f.yaml:3: environment variable NOPE is not set; its value is taken as empty");
}

TEST(Yaml, MergeKeys) {
  const Parsed parsed("base: &base {x: 1, y: 2}\nuse:\n  <<: *base\n  x: 3\n");
  const ConfigNode& use = *parsed.root.find("use");
  EXPECT_EQ(use.find("x")->text, "3");
  EXPECT_EQ(use.find("y")->text, "2");
}

TEST(Yaml, Faults) {
  EXPECT_EQ(Parsed("a: 1\na: 2\n").diagnostics.errors(),
            std::vector<std::string>{"f.yaml:2: a: this key is given twice; remove one"});
  const Parsed broken("a: 1\nb: [1, 2\nc: 3\n");
  ASSERT_EQ(broken.diagnostics.errors().size(), 1u);
  EXPECT_EQ(broken.diagnostics.errors()[0].substr(0, 27), "f.yaml:3: this is not YAML:");
}

TEST(Yaml, AliasBombIsBounded) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 9; ++j) bomb += ", " + before;
    bomb += "]\n";
  }
  const Parsed parsed(bomb);
  ASSERT_EQ(parsed.diagnostics.errors().size(), 1u);
  EXPECT_NE(parsed.diagnostics.errors()[0].find("too large or too deeply nested"), std::string::npos);
}

TEST(Yaml, DeepNestingIsBounded) {
  const Parsed parsed(std::string(100'000, '['));
  EXPECT_FALSE(parsed.diagnostics.ok());
  EXPECT_FALSE(Parsed(std::string(kYamlBytesMax + 1, ' ')).diagnostics.ok());
}

}  // namespace
}  // namespace nanospan::gateway

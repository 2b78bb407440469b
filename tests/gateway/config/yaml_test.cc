// YAML into ConfigNode and back: lines, quotes, merge keys, and files that mean harm.
#include "gateway/config/yaml.h"

#include <gtest/gtest.h>

namespace nanospan::gateway {
namespace {

struct Parsed {
  explicit Parsed(std::string_view text) : root(parse_yaml(text, diagnostics)) {}
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

TEST(Yaml, ReferencesStay) { EXPECT_EQ(Parsed("a: ${env:X}$$\n").root.find("a")->text, "${env:X}$$"); }

TEST(Yaml, AValueHasOneLine) {
  Diagnostics diagnostics("f.yaml");
  EXPECT_EQ(parse_yaml_value("[a,\n b]", diagnostics, 7)->items[1].line, 7);
  EXPECT_EQ(parse_yaml_value("[a", diagnostics, 7), std::nullopt);
  EXPECT_TRUE(diagnostics.ok());
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
  EXPECT_EQ(Parsed("a:\n\tb: 1\n").diagnostics.errors(),
            std::vector<std::string>{"f.yaml:2: this is not YAML: a tab indents this line; write spaces"});
}

std::string written(const Parsed& parsed, bool redact = false) {
  return to_yaml(parsed.root, parsed.diagnostics, redact);
}

TEST(Yaml, WritesWhatReadsAsTheSame) {
  const std::string text =
      "list:\n  - 1\n  - \"1\"\n  - true\n  - \"~\"\nempty: {}\nnone: []\nnothing: null\n"
      "\"<<\": 1\n";
  EXPECT_EQ(written(Parsed(text)), text);
  const Parsed odd("a: 'x: y'\nb: \"line\\nline\"\nc: |\n  block\n  # text\nd: \"\"\n\"\": 1\n");
  EXPECT_TRUE(same_config(Parsed(written(odd)).root, odd.root)) << written(odd);
}

TEST(Yaml, WritesDollarsThatReadAsThemselves) {
  EXPECT_EQ(written(Parsed("a: \"${env:X} $$ $x 5$\"\n")), "a: \"$${env:X} $$$ $x 5$\"\n");
}

TEST(Yaml, WritesNoSecretAndTextAsText) {
  Parsed parsed("a: [x, y]\nb: 12\n");
  parsed.diagnostics.mark_secret(parsed.root.find("a")->items[1]);
  parsed.root.entries[1].value.original = "012";
  EXPECT_EQ(written(parsed, true), "a:\n  - x\n  - \"[REDACTED]\"\nb: 12\n");
  parsed.diagnostics.mark_text(parsed.root.entries[1].value);
  EXPECT_EQ(written(parsed), "a:\n  - x\n  - y\nb: \"012\"\n");
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

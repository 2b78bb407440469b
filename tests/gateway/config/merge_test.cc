// Several sources as one configuration: what wins, and which source a complaint names.
#include "gateway/config/merge.h"

#include <gtest/gtest.h>

#include "gateway/config/setting.h"
#include "gateway/service/components.h"
#include "gateway/service/gateway_config.h"
#include "tests/gateway/config_text.h"

namespace nanospan::gateway {
namespace {

/// "{a: 1, b: [x, y]}", for comparing.
std::string text_of(const ConfigNode& node) {
  std::string out;
  switch (node.kind) {
    case ConfigNode::Kind::kNull:
      return "null";
    case ConfigNode::Kind::kScalar:
      return node.text;
    case ConfigNode::Kind::kList:
      for (const ConfigNode& item : node.items) out += (out.empty() ? "" : ", ") + text_of(item);
      return "[" + out + "]";
    case ConfigNode::Kind::kMap:
      for (const ConfigNode::Entry& entry : node.entries)
        out += (out.empty() ? "" : ", ") + entry.key + ": " + text_of(entry.value);
      return "{" + out + "}";
  }
  return out;
}

std::string merged(const std::vector<std::string>& texts) {
  ConfigNode root;
  for (const std::string& text : texts) merge_config(root, testing::ConfigText(text).root);
  return text_of(root);
}

TEST(MergeConfig, MapsAreJoinedAndAllElseIsReplaced) {
  EXPECT_EQ(merged({"{a: {x: 1, y: 2}, l: [1, 2]}", "{a: {y: 3, z: 4}, l: [3]}"}), "{a: {x: 1, y: 3, z: 4}, l: [3]}");
  EXPECT_EQ(merged({"{a: {x: 1}}", "{a: 5}"}), "{a: 5}");
  EXPECT_EQ(merged({"{a: 5}", "{a: {x: 1}}"}), "{a: {x: 1}}");
  EXPECT_EQ(merged({"{a: {x: 1}}", "a:\n"}), "{a: null}");
}

TEST(MergeConfig, DoubleColonsAreMaps) {
  EXPECT_EQ(merged({"processors::batch::timeout: 2s"}), "{processors: {batch: {timeout: 2s}}}");
  EXPECT_EQ(merged({"{a: {b: {c: 1}}}", "{'a::b': {d: 2}, 'a::b::e': 3}"}), "{a: {b: {c: 1, d: 2, e: 3}}}");
  EXPECT_EQ(merged({"{'::x': 1}"}), "{::x: 1}");
}

TEST(Setting, IsAConfigurationOfItsOwn) {
  const auto tree = [](std::string_view setting) { return merged({setting_yaml(setting).value()}); };
  EXPECT_EQ(tree("processors.batch.timeout=2s"), "{processors: {batch: {timeout: 2s}}}");
  EXPECT_EQ(tree("exporters::otlp::headers::x.y=a=b"), "{exporters: {otlp: {headers: {x.y: a=b}}}}");
  EXPECT_EQ(tree("a.b=[1, 2]"), "{a: {b: [1, 2]}}");
  EXPECT_EQ(tree("a.b="), "{a: {b: null}}");
  for (const std::string_view wrong : {"", "a", "=1", "a..b=1", ".a=1", "a=1\nb: 2"}) EXPECT_FALSE(setting_yaml(wrong));
}

TEST(LoadConfig, EachComplaintNamesItsSource) {
  const std::string base =
      "receivers: {otlp: {protocols: {http: }}}\nexporters: {debug: }\nprocessors: {filter: , batch: {timeout: 1s}}\n"
      "service: {pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [debug]}}}\n";
  const LoadedConfig loaded =
      load_config({{"a.yaml", base}, {"b.yaml", "\nprocessors:\n  batch:\n    timeot: 3s\n"}, {"--set x", "y: 1\n"}},
                  built_in_components(), ConfigProviders{[](std::string_view) { return std::nullopt; }});
  EXPECT_EQ(
      loaded.errors,
      (std::vector<std::string>{
          "a.yaml:3: processors.filter: this build does not run OTTL, so it has no filter processor; remove it "
          "here and from the pipelines",
          "b.yaml:4: processors.batch.timeot: unknown key; did you mean \"timeout\"?",
          "--set x:1: y: unknown key; known here: receivers processors exporters extensions connectors service"}));
}

}  // namespace
}  // namespace nanospan::gateway

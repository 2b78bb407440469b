// When two configurations are the same.
#include "gateway/config/node.h"

#include <gtest/gtest.h>

#include "gateway/config/yaml.h"

namespace nanospan::gateway {
namespace {

ConfigNode parse(std::string_view text) {
  Diagnostics diagnostics("f.yaml");
  return parse_yaml(text, diagnostics);
}

TEST(SameConfig, OrderOfKeysIsNoDifference) {
  EXPECT_TRUE(same_config(parse("a: 1\nb: [x]\n"), parse("\n\nb: [x]\na: 1\n")));
  for (const char* other : {"a: \"1\"\nb: [x]\n", "a: 1\nb: [x, y]\n", "a: 1\nc: [x]\n", "a: 1\nb: x\n"}) {
    EXPECT_FALSE(same_config(parse("a: 1\nb: [x]\n"), parse(other))) << other;
  }
}

}  // namespace
}  // namespace nanospan::gateway

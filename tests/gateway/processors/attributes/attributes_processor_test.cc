// The attributes processor: which spans it is for, and that the others keep their bytes.
#include "gateway/processors/attributes/attributes_processor.h"

#include <gtest/gtest.h>

#include "gateway/processors/attributes/attributes_processor_factory.h"
#include "gateway/processors/attributes/span_matcher.h"
#include "tests/gateway/attributed_request.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"
#include "wire/otlp_json_out.h"
#include "wire/validate.h"

namespace nanospan::gateway {
namespace {

using testing::attributed_request;

class AttributesProcessorTest : public ::testing::Test {
 protected:
  /// The batch as the next consumer gets it.
  BatchRef process(const std::string& keys, const BatchRef& batch) {
    testing::ConfigText text(keys);
    const auto processor = attributes_processor_factory().read({"attributes", ""}, text.reader)(host_, next_).value();
    EXPECT_EQ(text.errors(), "");
    next_.seen.clear();
    processor->consume(batch, [](const Outcome&) {});
    EXPECT_TRUE(wire::validate_traces(next_.seen.at(0)->bytes()).ok());
    return next_.seen[0];
  }
  /// Whether spans that `block` describes are those that are changed.
  bool matches(const std::string& block) {
    const BatchRef batch = testing::batch_of(attributed_request({{"service.name", "shop"}}, {{"a", "1"}, {"b", "x"}}));
    return process("include: {" + block + "}\nactions: [{key: a, action: delete}]\n", batch) != batch;
  }
  std::string errors(const std::string& keys) {
    testing::ConfigText text(keys);
    read_attributes_processor_config(text.reader);
    return text.errors();
  }

  testing::FakeHost host_;
  testing::FakeNext next_;
};

TEST_F(AttributesProcessorTest, ChangesAttributesAndNothingElse) {
  const BatchRef before = testing::batch_of(attributed_request({{"r", "1"}}, {{"a", "1"}, {"b", "2"}}));
  const BatchRef after = process("actions: [{key: a, action: delete}, {key: c, value: x, action: insert}]\n", before);
  std::string json;
  ASSERT_TRUE(wire::append_traces_json(after->bytes(), json));
  EXPECT_NE(
      json.find(R"("attributes":[{"key":"b","value":{"stringValue":"2"}},{"key":"c","value":{"stringValue":"x"}}])"),
      json.npos)
      << json;
  EXPECT_NE(json.find("GET /"), json.npos);
  EXPECT_NE(json.find("1.2"), json.npos);
  EXPECT_NE(json.find("url"), json.npos);
  EXPECT_EQ(after->counts().spans, 1u);
}

TEST_F(AttributesProcessorTest, WhatIsNotChangedIsNotCopied) {
  const BatchRef before = testing::batch_of(attributed_request({}, {{"a", "1"}}));
  EXPECT_EQ(process("actions: [{key: z, action: delete}, {key: a, value: '1', action: upsert}]\n", before), before);
}

TEST_F(AttributesProcessorTest, StrictConditions) {
  EXPECT_TRUE(matches("match_type: strict, services: [x, shop]"));
  EXPECT_FALSE(matches("match_type: strict, services: [sho]"));
  EXPECT_TRUE(matches("match_type: strict, span_names: ['GET /']"));
  EXPECT_TRUE(matches("match_type: strict, span_kinds: [SPAN_KIND_SERVER]"));
  EXPECT_FALSE(matches("match_type: strict, span_kinds: [SPAN_KIND_CLIENT]"));
  EXPECT_TRUE(matches("match_type: strict, libraries: [{name: http}]"));
  EXPECT_TRUE(matches("match_type: strict, libraries: [{name: http, version: '1.2'}]"));
  EXPECT_FALSE(matches("match_type: strict, libraries: [{name: http, version: '1.3'}]"));
  EXPECT_TRUE(matches("match_type: strict, attributes: [{key: a}, {key: b, value: x}]"));
  EXPECT_FALSE(matches("match_type: strict, attributes: [{key: a}, {key: c}]"));
  EXPECT_FALSE(matches("match_type: strict, attributes: [{key: a, value: 1}]")) << "a number is not a text";
  EXPECT_TRUE(matches("match_type: strict, resources: [{key: service.name, value: shop}]"));
  EXPECT_FALSE(matches("match_type: strict, services: [shop], span_names: [x]")) << "all conditions must hold";
}

TEST_F(AttributesProcessorTest, Patterns) {
  EXPECT_TRUE(matches("match_type: regexp, services: ['^sh.p$']"));
  EXPECT_TRUE(matches("match_type: regexp, span_names: [ET]"));
  EXPECT_TRUE(matches("match_type: regexp, attributes: [{key: a, value: '[0-9]'}]"));
  EXPECT_FALSE(matches("match_type: regexp, attributes: [{key: b, value: '[0-9]'}]"));
}

TEST_F(AttributesProcessorTest, ExcludeWins) {
  const BatchRef batch = testing::batch_of(attributed_request({}, {{"a", "1"}}));
  EXPECT_EQ(process("include: {match_type: strict, attributes: [{key: a}]}\n"
                    "exclude: {match_type: strict, span_names: ['GET /']}\nactions: [{key: a, action: delete}]\n",
                    batch),
            batch);
}

TEST_F(AttributesProcessorTest, SaysWhatIsWrong) {
  EXPECT_NE(errors("actions: []\n"), "");
  for (const std::string block :
       {"{match_type: strict}", "{match_type: fuzzy, services: [a]}", "{match_type: regexp, services: ['(']}",
        "{match_type: strict, span_kinds: [server]}", "{match_type: strict, services: [a], metric_names: [x]}",
        "{match_type: strict, attributes: [{value: x}]}", "{match_type: strict, servics: [a]}"}) {
    EXPECT_NE(errors("actions: [{key: a, action: delete}]\ninclude: " + block + "\n"), "") << block;
  }
}

}  // namespace
}  // namespace nanospan::gateway

// The resource processor: new attributes above spans that are copied as they are.
#include "gateway/processors/resource/resource_processor.h"

#include <gtest/gtest.h>

#include "gateway/processors/resource/resource_processor_factory.h"
#include "gateway/processors/rewriting_processor.h"
#include "tests/gateway/attributed_request.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"
#include "tests/gateway/sample_traces.h"
#include "wire/validate.h"

namespace nanospan::gateway {
namespace {

using testing::attributed_request;

class ResourceProcessorTest : public ::testing::Test {
 protected:
  BatchRef process(const std::string& actions, const BatchRef& batch) {
    testing::ConfigText text("attributes: [" + actions + "]\n");
    const auto processor =
        resource_processor_factory().read({"resource", ""}, text.reader)(host_, Signal::kTraces, next_).value();
    EXPECT_EQ(text.errors(), "");
    next_.seen.clear();
    processor->consume(batch, [&](Outcome outcome) { outcome_ = std::move(outcome); });
    return next_.seen.at(0);
  }
  testing::FakeHost host_;
  testing::FakeNext next_;
  Outcome outcome_;
};

TEST_F(ResourceProcessorTest, ChangesTheResource) {
  EXPECT_EQ(process("{key: env, value: prod, action: upsert}",
                    testing::batch_of(attributed_request({{"service.name", "shop"}}, {{"a", "1"}})))
                ->bytes(),
            attributed_request({{"service.name", "shop"}, {"env", "prod"}}, {{"a", "1"}}));
  EXPECT_EQ(process("{key: env, action: delete}", testing::batch_of(attributed_request({{"env", "x"}}, {})))->bytes(),
            attributed_request({}, {}));
}

TEST_F(ResourceProcessorTest, MetricsAndLogsKeepTheirKind) {
  for (const BatchRef& batch : {testing::sample_metrics(), testing::sample_logs()}) {
    const BatchRef processed = process("{key: env, value: prod, action: insert}", batch);
    EXPECT_EQ(processed->signal(), batch->signal());
    EXPECT_EQ(processed->counts().spans, batch->counts().spans);
    EXPECT_NE(processed->bytes().find("prod"), std::string_view::npos);
    EXPECT_TRUE(wire::validate(info_of(batch->signal()).request, processed->bytes()).ok());
  }
}

TEST_F(ResourceProcessorTest, GivesOneToSpansWithoutAResource) {
  namespace otlp = wire::otlp;
  std::string resource, request, expected;
  wire::Appender(resource).bytes_field(otlp::ResourceSpans::kScopeSpans, "");
  wire::Appender(request).bytes_field(otlp::ExportTraceServiceRequest::kResourceSpans, resource);
  std::string with;
  wire::Appender(with).bytes_field(otlp::ResourceSpans::kResource,
                                   testing::attribute_fields(otlp::Resource::kAttributes, {{"env", "prod"}}));
  wire::Appender(expected).bytes_field(otlp::ExportTraceServiceRequest::kResourceSpans, with + resource);
  EXPECT_EQ(process("{key: env, value: prod, action: insert}", testing::batch_of(request))->bytes(), expected);
}

TEST_F(ResourceProcessorTest, WhatIsNotChangedIsNotCopied) {
  const BatchRef batch = testing::batch_of(attributed_request({{"env", "prod"}}, {}));
  EXPECT_EQ(process("{key: env, value: prod, action: upsert}", batch), batch);
}

TEST_F(ResourceProcessorTest, TheAnswerIsThatOfTheNextAndMemoryIsCharged) {
  next_.outcome = Outcome::retry("full", 5);
  process("{key: env, value: prod, action: upsert}", testing::batch_of(attributed_request({}, {})));
  EXPECT_EQ(outcome_.kind, Outcome::Kind::kRetry);
  EXPECT_NE(host_.budget().used(), 0u);
  next_.seen.clear();
  EXPECT_EQ(host_.budget().used(), 0u);
}

}  // namespace
}  // namespace nanospan::gateway

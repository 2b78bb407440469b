// The bytes that the SDK ships are exactly those of the messages that libprotobuf reads from them: same size, nothing
// unknown, every envelope field in its place.
#include <gtest/gtest.h>
#include <nanospan/tracer_provider.h>

#include <map>
#include <span>

#include "tests/golden/sdk_sent.h"
#include "tests/support/exporting_provider.h"

namespace nanospan::golden {
namespace {

using testing::ExportingProvider;

class SdkWire : public ::testing::Test {
 protected:
  void SetUp() override {
    if (oracle_ == nullptr) GTEST_SKIP() << Oracle::kMissing;
  }
  Sent sent_by(ExportingProvider& sdk) {
    const std::string bytes = sdk.bytes();
    Sent sent = read_sent(*oracle_, bytes);
    EXPECT_TRUE(sent.parsed);
    EXPECT_EQ(sent.byte_size_long, bytes.size());
    return sent;
  }
  const Oracle* const oracle_ = Oracle::get();
};

const SpanContext kRemote(TraceId::from_hex("0af7651916cd43dd8448eb211c80319c"), SpanId::from_hex("b7ad6b7169203331"),
                          TraceFlags::kSampled, true, TraceState::parse("a=1,b=2"));

template <class Id>
std::string bytes_of(const Id& id) {
  return {reinterpret_cast<const char*>(id.data()), Id::kSize};
}

// sdk.md, proto trace.proto: schema_url of both envelopes, attributes of resource and scope.
TEST_F(SdkWire, EnvelopesHaveResourceScopeAndSchemaUrls) {
  TracerProviderOptions options;
  options.resource = Resource({{"service.name", "shop"}, {"n", 7}}, "https://resource.example/1");
  ExportingProvider sdk(std::move(options));
  Tracer tracer = sdk.provider().tracer({.name = "scope",
                                         .version = "1.2",
                                         .schema_url = "https://scope.example/2",
                                         .attributes = {{"team", "red"}, {"team", "blue"}}});
  tracer.start_span("span").end();
  sdk.tracer().start_span("plain").end();
  const Sent sent = sent_by(sdk);
  ASSERT_EQ(sent.spans.size(), 2U);
  const SentSpan& span = sent.spans[0].name == "span" ? sent.spans[0] : sent.spans[1];
  EXPECT_EQ(span.scope, "scope");
  EXPECT_EQ(span.scope_version, "1.2");
  EXPECT_EQ(span.scope_schema_url, "https://scope.example/2");
  EXPECT_EQ(span.scope_attributes, (SentAttributes{{"team", "s:blue"}}));
  EXPECT_EQ(span.resource_attributes, (SentAttributes{{"n", "i:7"}, {"service.name", "s:shop"}}));
  EXPECT_EQ(span.resource_schema_url, "https://resource.example/1");
}

// proto trace.proto "Span.flags", "Link.flags": bits 0-7 W3C, 8 has_is_remote, 9 is_remote (of the parent, of the
// link).
TEST_F(SdkWire, FlagWordsSayWhetherTheParentWasRemote) {
  ExportingProvider sdk;
  const Context remote = Context::root().with_span_context(kRemote);
  Span child = sdk.tracer().start_span("of remote", {.parent = &remote});
  {
    const Scope scope(child);
    sdk.tracer().start_span("of local").add_link(kRemote).add_link(child.context());
  }
  child.end();
  sdk.tracer().start_span("root").end();
  const Sent sent = sent_by(sdk);
  ASSERT_EQ(sent.spans.size(), 3U);
  EXPECT_EQ(sent.spans[0].flags, 0x101U);
  EXPECT_EQ(sent.spans[1].flags, 0x301U);
  EXPECT_EQ(sent.spans[2].flags, 0x103U);  // random, by the built-in generator
  EXPECT_EQ(sent.spans[1].parent_span_id, bytes_of(kRemote.span_id()));
  EXPECT_EQ(sent.spans[1].trace_state, "a=1,b=2");
  EXPECT_EQ(sent.spans[0].links.at(0).flags, 0x301U);
  EXPECT_EQ(sent.spans[0].links.at(0).trace_state, "a=1,b=2");
  EXPECT_EQ(sent.spans[0].links.at(1).flags, 0x101U);
  EXPECT_EQ(sent.spans[2].parent_span_id, "");
}

TEST_F(SdkWire, SizesAreExactAtEveryWidthOfALength) {
  ExportingProvider sdk;
  for (const std::size_t size :
       {1U, 60U, 127U, 128U, 1300U, 2000U, 16000U, 16383U, 16384U, 20000U, 262'144U, 1'500'000U}) {
    Span span = sdk.tracer().start_span("span", {.kind = SpanKind::kClient});
    span.set("text", std::string(size, 'x')).set("n", -1).set("d", 0.5).set("b", false).set("e", AttributeValue());
    span.add_event("literal").add_event("other", {{"k", std::string(size / 2, 'y')}}).add_link(kRemote);
    span.set_status(StatusCode::kError, std::string(size / 3 + 1, 'z'));
  }
  const Sent sent = sent_by(sdk);
  EXPECT_EQ(sent.spans.size(), 12U);
  for (const SentSpan& span : sent.spans) EXPECT_EQ(span.attributes.size(), 5U);
}

// common/README.md "AnyValue": every type, and what is nested in them.
TEST_F(SdkWire, EveryTypeOfValueArrivesAsItself) {
  ExportingProvider sdk;
  const std::vector<std::uint8_t> bytes = {0, 255, 7};
  const std::string_view texts[] = {"a", ""};
  const bool bools[] = {true, false};
  const AttributeValue mixed[] = {1, "two", 3.0, AttributeValue(), std::span<const bool>(bools)};
  const Attribute entries[] = {{"list", std::span<const AttributeValue>(mixed)}, {"again", 1}, {"again", "last wins"}};
  {
    Span span = sdk.tracer().start_span("span");
    span.set("bool", true).set("int", std::int64_t{-9'000'000'000}).set("unsigned", 7U).set("double", 1.0);
    span.set("text", "größe").set("empty text", "").set("zero", 0).set("none", AttributeValue());
    span.set("bytes", bytes).set("bools", std::span<const bool>(bools)).set("ints", std::vector<std::int64_t>{1, -1});
    span.set("doubles", std::vector<double>{0.0}).set("texts", std::span<const std::string_view>(texts));
    span.set("no elements", std::vector<AttributeValue>()).set("mixed", std::span<const AttributeValue>(mixed));
    span.set("map", std::span<const Attribute>(entries));
  }
  const Sent sent = sent_by(sdk);
  ASSERT_EQ(sent.spans.size(), 1U);
  const std::map<std::string, std::string> got(sent.spans[0].attributes.begin(), sent.spans[0].attributes.end());
  EXPECT_EQ(got, (std::map<std::string, std::string>{
                     {"bool", "t"},
                     {"int", "i:-9000000000"},
                     {"unsigned", "i:7"},
                     {"double", "d:4607182418800017408"},
                     {"text", "s:größe"},
                     {"empty text", "s:"},
                     {"zero", "i:0"},
                     {"none", "e"},
                     {"bytes", std::string("b:\0\xFF\x07", 5)},
                     {"bools", "[t,f,]"},
                     {"ints", "[i:1,i:-1,]"},
                     {"doubles", "[d:0,]"},
                     {"texts", "[s:a,s:,]"},
                     {"no elements", "[]"},
                     {"mixed", "[i:1,s:two,d:4613937818241073152,e,[t,f,],]"},
                     {"map", "{again=s:last wins,list=[i:1,s:two,d:4613937818241073152,e,[t,f,],],}"},
                 }));
}

TEST_F(SdkWire, WhatProcessorsChangeIsInTheBytes) {
  struct Ending final : SpanProcessor {
    void on_ending(SpanRef& span) override { span.set("by", "processor").set("by", "the end").update_name("renamed"); }
  };
  TracerProviderOptions options;
  options.processors.push_back(std::make_shared<Ending>());
  ExportingProvider sdk(std::move(options));
  sdk.tracer().start_span("span").set("by", "user");
  const Sent sent = sent_by(sdk);
  ASSERT_EQ(sent.spans.size(), 1U);
  EXPECT_EQ(sent.spans[0].name, "renamed");
  EXPECT_EQ(sent.spans[0].attributes, (SentAttributes{{"by", "s:the end"}}));
}

}  // namespace
}  // namespace nanospan::golden

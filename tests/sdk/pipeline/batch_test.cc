// Batches are one valid ExportTraceServiceRequest, whatever order spans of several tracers and providers came in.
#include "sdk/pipeline/batch.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/trace/record.h"
#include "wire/otlp_fields.h"
#include "wire/validate.h"
#include "wire/writer.h"

namespace nanospan::sdk {
namespace {

namespace otlp = wire::otlp;

ProviderCore& provider_named(const std::string& name) {
  ProviderCore& core = make_provider_core();
  std::string resource;
  wire::Appender(resource).bytes_field(otlp::Resource::kAttributes, "\x0A\x01k");
  wire::Appender fields(core.resource_fields);
  fields.bytes_field(otlp::ResourceSpans::kResource, resource);
  fields.bytes_field(otlp::ResourceSpans::kSchemaUrl, name);
  return core;
}

// `12 len Span` of a span that is a name.
std::string field_of(std::string_view name) {
  std::string span, field;
  wire::Appender(span).bytes_field(otlp::Span::kName, name);
  wire::Appender(field).bytes_field(otlp::ScopeSpans::kSpans, span);
  return field;
}

void add(BatchBuilder& builder, const TracerRecord* tracer, std::string_view name) {
  const std::string field = field_of(name);
  builder.add(*tracer, {reinterpret_cast<const std::uint8_t*>(field.data()), field.size()});
}

std::string bytes_of(const SpanBatch& batch) {
  std::string all;
  for (const Bytes slice : batch.slices()) all.append(reinterpret_cast<const char*>(slice.data()), slice.size());
  EXPECT_EQ(all.size(), batch.size_bytes());
  return all;
}

std::vector<std::string> order_of(const SpanBatch& batch) {
  std::vector<std::string> order;
  batch.for_each(
      [&](const SpanView& span) { order.push_back(std::string(span.scope().name) + "/" + std::string(span.name())); });
  return order;
}

TEST(Batch, OneTracersSpansAreKeptAsTheyCame) {
  TracerRecord* tracer = find_tracer(provider_named("p"), {.name = "t"});
  BatchBuilder builder;
  EXPECT_TRUE(builder.empty());
  add(builder, tracer, "a");
  add(builder, tracer, "b");
  EXPECT_EQ(builder.span_count(), 2U);
  const auto batch = builder.seal(7);
  EXPECT_EQ(batch->sequence(), 7U);
  EXPECT_EQ(batch->span_count(), 2U);
  EXPECT_EQ(batch->slices().size(), 2U) << "headers and spans";
  EXPECT_EQ(order_of(*batch), (std::vector<std::string>{"t/a", "t/b"}));
  EXPECT_TRUE(builder.empty());
  EXPECT_EQ(builder.size_bytes(), 0U);
}

TEST(Batch, MixedTracersAreRegroupedAndTheRequestIsValid) {
  ProviderCore& one = provider_named("one");
  ProviderCore& two = provider_named("two");
  TracerRecord* a = find_tracer(one, {.name = "a"});
  TracerRecord* b = find_tracer(two, {.name = "b"});
  TracerRecord* c = find_tracer(one, {.name = "c"});
  BatchBuilder builder;
  for (int i = 0; i < 3; ++i) {
    add(builder, a, "a" + std::to_string(i));
    add(builder, b, "b" + std::to_string(i));
    add(builder, c, "c" + std::to_string(i));
    add(builder, c, std::string(300, 'x'));
  }
  const auto batch = builder.seal(1);
  const std::string x = "c/" + std::string(300, 'x');
  EXPECT_EQ(order_of(*batch),
            (std::vector<std::string>{"a/a0", "a/a1", "a/a2", "c/c0", x, "c/c1", x, "c/c2", x, "b/b0", "b/b1", "b/b2"}))
      << "by provider, then tracer, each in the order of its end";
  const std::string bytes = bytes_of(*batch);
  const wire::WalkResult walk = wire::validate_traces(bytes);
  ASSERT_TRUE(walk.ok()) << walk.fault.text;
  EXPECT_EQ(walk.counts.resources, 2U);
  EXPECT_EQ(walk.counts.scopes, 3U);
  EXPECT_EQ(walk.counts.items, 12U);
}

TEST(Batch, ABuilderMakesManyBatchesAndForgetsWhatItIsTold) {
  TracerRecord* tracer = find_tracer(provider_named("p"), {.name = "t"});
  BatchBuilder builder;
  std::vector<std::shared_ptr<const Batch>> batches;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    add(builder, tracer, std::string(i * 100, 'n'));
    batches.push_back(builder.seal(i));
  }
  add(builder, tracer, "forgotten");
  builder.clear();
  EXPECT_TRUE(builder.empty());
  for (std::uint64_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(order_of(*batches[i - 1]), std::vector<std::string>{"t/" + std::string(i * 100, 'n')});
  }
}

}  // namespace
}  // namespace nanospan::sdk

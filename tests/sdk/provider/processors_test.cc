// Span processors of the user: trace/sdk.md "Span Processor", and pipelines that they wrap.
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <optional>
#include <thread>

#include <nanospan/diagnostics.h>

#include "tests/support/hooked_provider.h"

namespace nanospan {
namespace {

using testing::Collected;
using testing::CollectingExporter;
using testing::ExportingProvider;
using testing::Hooked;
using testing::Hooks;
using testing::make_provider;
using testing::roomy_batches;

// Trap 1b-1 of opentelemetry-cpp: its processors see a SpanContext only.
TEST(OnStart, GetsTheParentContextWithItsValues) {
  ContextKey<int> tenant("tenant");
  Hooked hooked;
  int seen = 0;
  hooked.hooks->start = [&](SpanRef& span, const Context& parent) {
    EXPECT_TRUE(span.is_recording());
    EXPECT_TRUE(span.context().is_valid());
    if (const int* value = parent.get(tenant)) {
      seen = *value;
      span.set("tenant", *value);
    }
  };
  const Context parent = Context::root().with(tenant(42));
  hooked.sdk.tracer().start_span("span", {.parent = &parent});
  EXPECT_EQ(seen, 42);
  EXPECT_EQ(hooked.sdk.only_span().attributes.at("tenant"), "42");
}

// trace/sdk.md "OnStart": "It SHOULD be possible to keep a reference to this span object and updates to the span SHOULD
// be reflected in it".
TEST(OnStart, TheSpanMayBeKeptAndChangedUntilItEnds) {
  Hooked hooked;
  SpanRef kept;
  hooked.hooks->start = [&](SpanRef& span, const Context&) { kept = span; };
  Span span = hooked.sdk.tracer().start_span("span");
  span.set("by", "owner");
  std::thread([&] { kept.set("from", "another thread").add_event("seen").update_name("renamed"); }).join();
  EXPECT_TRUE(kept.is_recording());
  span.set("by", "owner again");
  span.end();
  EXPECT_FALSE(kept.is_recording());
  kept.set("late", 1);
  std::thread([&] { kept.set("late", 2).add_event("late").set_status(StatusCode::kError); }).join();
  const auto sent = hooked.sdk.only_span();
  EXPECT_EQ(sent.attributes, (std::map<std::string, std::string>{{"by", "owner again"}, {"from", "another thread"}}));
  EXPECT_EQ(sent.events, std::vector<std::string>{"seen"});
  EXPECT_EQ(sent.name, "renamed");
}

TEST(OnStart, AStaleReferenceNeverTouchesTheSpanThatCameAfter) {
  Hooked hooked;
  std::vector<SpanRef> kept;
  hooked.hooks->start = [&](SpanRef& span, const Context&) { kept.push_back(span); };
  for (int i = 0; i < 20; ++i) {
    Span span = hooked.sdk.tracer().start_span("span");
    for (std::size_t j = 0; j + 1 < kept.size(); ++j) kept[j].set("stale", 1).add_event("stale").update_name("stale");
  }
  for (const auto& span : hooked.sdk.spans()) {
    EXPECT_EQ(span.name, "span");
    EXPECT_EQ(span.attribute_count + span.events.size(), 0U);
  }
}

// trace/sdk.md "OnEnding": after the end time is set, still changeable, every OnEnding before any OnEnd.
TEST(OnEnding, MayChangeTheSpanAndComesBeforeAnyOnEnd) {
  std::vector<std::string> calls;
  const auto recorder = [&](std::string name) {
    auto hooks = std::make_shared<Hooks>();
    hooks->start = [&calls, name](SpanRef&, const Context&) { calls.push_back("start " + name); };
    hooks->ending = [&calls, name](SpanRef& span) {
      calls.push_back("ending " + name);
      span.set("by." + name, true).set("size", 1).add_event("ending");
    };
    hooks->ended = [&calls, name](const SpanView& span) {
      calls.push_back("end " + name);
      EXPECT_TRUE(span.has_ended());
      EXPECT_GT(span.end_unix_nanos(), 0U);
      EXPECT_TRUE(span.attributes().contains("by.second"));
    };
    return hooks;
  };
  TracerProviderOptions options;
  options.processors = {recorder("first"), recorder("second")};
  ExportingProvider sdk(std::move(options));
  sdk.tracer().start_span("span");
  EXPECT_EQ(calls, (std::vector<std::string>{"start first", "start second", "ending first", "ending second",
                                             "end first", "end second"}));
  const auto sent = sdk.only_span();
  EXPECT_EQ(sent.attribute_count, 3U);
  EXPECT_EQ(sent.events.size(), 2U);
}

TEST(OnEnding, NobodyElseMayChangeTheSpanAnyMore) {
  Hooked hooked;
  SpanRef from_start, from_ending;
  hooked.hooks->start = [&](SpanRef& span, const Context&) { from_start = span; };
  hooked.hooks->ending = [&](SpanRef& span) {
    EXPECT_FALSE(from_start.is_recording());
    std::thread([&] { from_start.set("other thread", 1); }).join();
    span.set("mine", 1);
    from_ending = span;
  };
  hooked.hooks->ended = [&](const SpanView&) { from_ending.set("too late", 1); };
  SharedSpan span(hooked.sdk.tracer().start_span("span"));
  const SharedSpan other = span;
  span.end();
  span.end();
  EXPECT_FALSE(other.is_recording());
  EXPECT_EQ(hooked.sdk.only_span().attributes, (std::map<std::string, std::string>{{"mine", "1"}}));
}

TEST(OnEnd, SeesTheWholeSpan) {
  std::optional<testing::CollectedSpan> seen;
  const auto hooks = std::make_shared<Hooks>();
  hooks->ended = [&](const SpanView& span) {
    seen = testing::collect(span);
    EXPECT_EQ(span.resource().string_value("service.name"), "shop");
    EXPECT_EQ(span.scope().version, "1.2");
  };
  TracerProviderOptions options = Hooked::with(hooks);
  options.limits.attribute_count_max = 1;
  options.resource = Resource({{"service.name", "shop"}});
  ExportingProvider sdk(std::move(options));
  Tracer tracer = sdk.provider().tracer({.name = "scope", .version = "1.2"});
  const Context parent = Context::root().with_span_context(SpanContext(
      TraceId::from_hex("0af7651916cd43dd8448eb211c80319c"), SpanId::from_hex("b7ad6b7169203331"), 1, true));
  tracer.start_span("span", {.parent = &parent}).set("a", 1).set("b", 2).set_status(StatusCode::kError, "why");
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->parent.span_id(), parent.span_context().span_id());
  EXPECT_TRUE(seen->parent.is_remote());
  EXPECT_EQ(seen->dropped_attributes, 1U);
  EXPECT_EQ(seen->status_description, "why");
  EXPECT_EQ(seen->scope, "scope");
}

// Trap 1b-5 of opentelemetry-cpp: RECORD_ONLY spans are exported there.
TEST(RecordOnly, ReachesProcessorsAndNoExporter) {
  int ended = 0;
  const auto hooks = std::make_shared<Hooks>();
  hooks->ended = [&](const SpanView& span) { ended += span.context().is_sampled() ? 100 : 1; };
  const auto simple = std::make_shared<Collected>();
  TracerProviderOptions options = Hooked::with(hooks, always_record_sampler(always_off_sampler()));
  options.processors.push_back(simple_processor(std::make_unique<CollectingExporter>(simple)));
  ExportingProvider sdk(std::move(options));
  sdk.tracer().start_span("span").set("a", 1);
  EXPECT_EQ(ended, 1);
  EXPECT_TRUE(sdk.spans().empty());
  EXPECT_EQ(simple->size(), 0U);
  EXPECT_EQ(sdk.provider().ledger().ended, 0U);
}

TEST(DroppedSpans, ReachNoProcessor) {
  int calls = 0;
  const auto hooks = std::make_shared<Hooks>();
  hooks->start = [&](SpanRef&, const Context&) { ++calls; };
  hooks->ended = [&](const SpanView&) { ++calls; };
  ExportingProvider sdk(Hooked::with(hooks, always_off_sampler()));
  sdk.tracer().start_span("span");
  EXPECT_EQ(calls, 0);
}

// error-handling.md: what the user's code throws never reaches the caller of the API.
TEST(Processors, ThatThrowAreReportedAndTheOthersStillRun) {
  std::vector<std::string> reports;
  set_error_handler([&](std::string_view component, std::string_view) { reports.emplace_back(component); });
  Hooked hooked;
  hooked.hooks->start = [](SpanRef&, const Context&) { throw std::runtime_error("start"); };
  hooked.hooks->ending = [](SpanRef&) { throw 7; };
  hooked.hooks->ended = [](const SpanView&) { throw "end"; };
  hooked.sdk.tracer().start_span("span");
  EXPECT_EQ(hooked.sdk.only_span().name, "span");
  EXPECT_FALSE(reports.empty());
  set_error_handler(nullptr);
}

TEST(Processors, AreFlushedAndShutDownOnce) {
  Hooked hooked;
  EXPECT_EQ(hooked.sdk.provider().flush(), FlushResult::kSuccess);
  EXPECT_EQ(hooked.hooks->flushes, 1);
  EXPECT_EQ(hooked.sdk.provider().shutdown(), FlushResult::kSuccess);
  EXPECT_EQ(hooked.sdk.provider().shutdown(), FlushResult::kFailure);
  EXPECT_EQ(hooked.hooks->shutdowns, 1);
}

TEST(Processors, ASpanThatEndsAfterTheShutdownReachesNone) {
  Hooked hooked;
  int ended = 0;
  hooked.hooks->ended = [&](const SpanView&) { ++ended; };
  Span span = hooked.sdk.tracer().start_span("span");
  hooked.sdk.provider().shutdown();
  span.end();
  EXPECT_EQ(ended, 0);
}

/// Passes on what a test lets through.
class Filter final : public SpanProcessor {
 public:
  Filter(std::shared_ptr<SpanProcessor> next, std::string_view wanted) : next_(std::move(next)), wanted_(wanted) {}
  void on_end(const SpanView& span) override {
    if (span.name() == wanted_) next_->on_end(span);
  }
  FlushResult flush(std::uint64_t timeout_ms) override { return next_->flush(timeout_ms); }
  FlushResult shutdown(std::uint64_t timeout_ms) override { return next_->shutdown(timeout_ms); }

 private:
  std::shared_ptr<SpanProcessor> next_;
  std::string wanted_;
};

TEST(Wrapping, AFilterPassesViewsToABatchProcessorWhoseLedgerBalances) {
  const auto collected = std::make_shared<Collected>();
  const auto batch = batch_processor(std::make_unique<CollectingExporter>(collected), roomy_batches());
  TracerProvider provider = make_provider(Hooked::with(std::make_shared<Filter>(batch, "wanted")));
  Tracer tracer = provider.tracer({.name = "scope", .version = "1"});
  EXPECT_TRUE(tracer.enabled());
  for (int i = 0; i < 100; ++i) tracer.start_span(i % 4 == 0 ? "wanted" : "unwanted").set("i", i);
  EXPECT_EQ(provider.flush(), FlushResult::kSuccess);
  EXPECT_EQ(collected->size(), 25U);
  for (const auto& span : collected->spans()) EXPECT_EQ(span.name + span.scope, "wantedscope");
  const Ledger ledger = ledger_of(*batch);
  EXPECT_EQ(ledger.ended, 25U);
  EXPECT_EQ(ledger.exported, 25U);
  EXPECT_TRUE(ledger.balances());
  EXPECT_EQ(provider.shutdown(), FlushResult::kSuccess);
  EXPECT_TRUE(ledger_of(*batch).balances());
}

TEST(Wrapping, ABatchProcessorThatNeverGotASpanFlushesAndShutsDown) {
  ExportingProvider other;  // the export thread runs
  other.tracer().start_span("span");
  EXPECT_EQ(other.spans().size(), 1U);
  const auto batch = batch_processor(std::make_unique<CollectingExporter>(std::make_shared<Collected>()));
  TracerProvider provider = make_provider(Hooked::with(std::make_shared<Filter>(batch, "never")));
  EXPECT_EQ(provider.flush(), FlushResult::kSuccess);
  EXPECT_EQ(provider.shutdown(), FlushResult::kSuccess);
}

TEST(Wrapping, SpansPassedOnAfterTheShutdownAreCounted) {
  set_error_handler([](std::string_view, std::string_view) {});
  const auto collected = std::make_shared<Collected>();
  const auto batch = batch_processor(std::make_unique<CollectingExporter>(collected), roomy_batches());
  ExportingProvider sdk(Hooked::with(std::make_shared<Filter>(batch, "span")));
  sdk.tracer().start_span("span");
  batch->shutdown(5000);
  sdk.tracer().start_span("span");
  const Ledger ledger = ledger_of(*batch);
  EXPECT_EQ(ledger.ended, 2U);
  EXPECT_EQ(ledger.exported, 1U);
  EXPECT_EQ(ledger.dropped_by(DropReason::kShutdown), 1U);
  EXPECT_TRUE(ledger.balances());
  set_error_handler(nullptr);
}

// A view of the user's own making, with the scope that came or with one that no tracer has.
TEST(Wrapping, AViewWhoseScopeIsNotATracersIsCountedAsDropped) {
  std::vector<std::string> said;
  set_error_handler([&](std::string_view component, std::string_view message) {
    said.push_back(std::string(component).append(": ").append(message));
  });
  const auto collected = std::make_shared<Collected>();
  const auto batch = batch_processor(std::make_unique<CollectingExporter>(collected), roomy_batches());
  const InstrumentationScope own{.name = "own"};
  Hooked hooked;
  hooked.hooks->ended = [&](const SpanView& span) {
    batch->on_end(SpanView(span.bytes(), span.resource(), span.scope(), true));
    batch->on_end(SpanView(span.bytes(), span.resource(), own, true));
  };
  hooked.sdk.tracer().start_span("span");
  EXPECT_EQ(batch->flush(0), FlushResult::kSuccess);
  const Ledger ledger = ledger_of(*batch);
  EXPECT_EQ(ledger.ended, 2U);
  EXPECT_EQ(ledger.exported, 1U);
  EXPECT_EQ(ledger.dropped_by(DropReason::kUnknownScope), 1U);
  EXPECT_TRUE(ledger.balances());
  EXPECT_EQ(said,
            std::vector<std::string>{
                "batch_processor: a processor passed on a view whose scope is not a tracer's; its span is dropped"});
  EXPECT_EQ(batch->shutdown(5000), FlushResult::kSuccess);
  set_error_handler(nullptr);
}

}  // namespace
}  // namespace nanospan

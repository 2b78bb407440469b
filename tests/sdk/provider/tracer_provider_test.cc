// Providers and tracers: trace/api.md "TracerProvider", "Tracer"; trace/sdk.md "Tracer Provider", "Shutdown",
// "ForceFlush".
#include <gtest/gtest.h>

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include <nanospan/diagnostics.h>
#include <nanospan/nanospan.h>

#include "tests/support/exporting_provider.h"

namespace nanospan {
namespace {

using testing::Collected;
using testing::CollectingExporter;
using testing::ExportingProvider;
using testing::make_provider;
using testing::roomy_batches;

const SpanContext kRemote(TraceId::from_hex("0af7651916cd43dd8448eb211c80319c"), SpanId::from_hex("b7ad6b7169203331"),
                          TraceFlags::kSampled, true);

// Trap 1b-2 of opentelemetry-cpp. trace/api.md "Behavior of the API in the absence of an installed SDK".
void expect_carries_the_parent(Tracer& tracer) {
  const Context parent = Context::root().with_span_context(kRemote);
  Span explicit_child = tracer.start_span("child", {.parent = &parent});
  EXPECT_FALSE(explicit_child.is_recording());
  EXPECT_EQ(explicit_child.context(), kRemote);
  const Scope scope(parent);
  EXPECT_EQ(tracer.start_span("child").context(), kRemote);
  Span root = tracer.start_span("root", {.root = true});
  EXPECT_FALSE(root.context().is_valid());
  EXPECT_FALSE(root.context().is_sampled());
  EXPECT_FALSE(tracer.enabled());
}

TEST(NoProvider, SpansCarryTheirParentAndDoNotRecord) {
  Tracer tracer = nanospan::tracer("unbound");
  expect_carries_the_parent(tracer);
}

TEST(NoProvider, AfterShutdownTracersDoTheSame) {
  ExportingProvider sdk;
  EXPECT_TRUE(sdk.tracer().enabled());
  sdk.provider().shutdown();
  expect_carries_the_parent(sdk.tracer());
  Tracer late = sdk.provider().tracer({.name = "late"});
  expect_carries_the_parent(late);
}

TEST(NoProvider, SuppressedTracingDoesTheSame) {
  ExportingProvider sdk;
  {
    const SuppressTracing suppress;
    expect_carries_the_parent(sdk.tracer());
    const SuppressTracing nested;
    expect_carries_the_parent(sdk.tracer());
  }
  EXPECT_TRUE(sdk.tracer().start_span("span").is_recording());
}

// trace/api.md "Enabled": false without processors.
TEST(TracerEnabled, IsFalseWithoutProcessors) {
  TracerProvider provider = make_provider({});
  Tracer tracer = provider.tracer({.name = "t"});
  EXPECT_FALSE(tracer.enabled());
  Span span = tracer.start_span("span");
  EXPECT_TRUE(span.context().is_valid());
}

TEST(DefaultProvider, TracersMadeBeforeItComeAliveAndGoQuietWithIt) {
  Tracer tracer = nanospan::tracer("early");
  EXPECT_FALSE(tracer.start_span("nothing").is_recording());
  for (int round = 0; round < 2; ++round) {
    ExportingProvider sdk;
    sdk.provider().set_default();
    EXPECT_TRUE(tracer.enabled());
    { EXPECT_TRUE(tracer.start_span("alive").is_recording()); }
    EXPECT_EQ(sdk.only_span().scope, "early");
    sdk.provider().shutdown();
    EXPECT_FALSE(tracer.enabled());
    EXPECT_FALSE(tracer.start_span("late").is_recording());
  }
}

// Unbound tracers follow the default provider wherever it goes; bound ones stay.
TEST(DefaultProvider, TracersFollowItFromOneProviderToTheNextAndBack) {
  Tracer tracer = nanospan::tracer("follows");
  ExportingProvider first, second;
  Tracer bound = first.provider().tracer({.name = "follows"});
  first.provider().set_default();
  tracer.start_span("first").end();
  second.provider().set_default();
  tracer.start_span("second").end();
  bound.start_span("bound").end();
  first.provider().set_default();
  tracer.start_span("first again").end();
  const auto names = [](ExportingProvider& sdk) {
    std::set<std::string> all;
    for (const auto& span : sdk.spans()) all.insert(span.name);
    return all;
  };
  EXPECT_EQ(names(first), (std::set<std::string>{"first", "bound", "first again"}));
  EXPECT_EQ(names(second), (std::set<std::string>{"second"}));
}

TEST(Scopes, TheSameScopeGivesTracersThatBehaveAsOne) {
  ExportingProvider sdk;
  Tracer first = sdk.provider().tracer({.name = "a", .version = "1", .attributes = {{"k", 1}}});
  Tracer second = sdk.provider().tracer({.name = "a", .version = "1", .attributes = {{"k", 1}}});
  Tracer third = sdk.provider().tracer({.name = "a", .version = "1", .attributes = {{"k", 2}}});
  first.start_span("x").end();
  second.start_span("y").end();
  third.start_span("z").end();
  EXPECT_EQ(sdk.spans().size(), 3U);
}

// Traps: every batch processor of a provider gets every span, and no span of another provider.
TEST(SeveralProviders, EachOfTheirProcessorsGetsEachOfTheirSpans) {
  constexpr std::size_t kProviders = 3, kProcessors = 3, kThreads = 3, kSpans = 300;
  struct One {
    std::vector<std::shared_ptr<Collected>> collected;
    std::vector<std::shared_ptr<SpanProcessor>> processors;
    std::optional<TracerProvider> provider;
  };
  std::vector<One> all(kProviders);
  for (std::size_t p = 0; p < kProviders; ++p) {
    TracerProviderOptions options;
    options.resource = Resource({{"provider", p}});
    for (std::size_t i = 0; i < kProcessors; ++i) {
      all[p].collected.push_back(std::make_shared<Collected>());
      all[p].processors.push_back(
          batch_processor(std::make_unique<CollectingExporter>(all[p].collected.back()), roomy_batches()));
    }
    options.processors = all[p].processors;
    all[p].provider.emplace(make_provider(std::move(options)));
  }
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      std::vector<Tracer> tracers;
      for (One& one : all) tracers.push_back(one.provider->tracer({.name = "scope"}));
      for (std::size_t i = 0; i < kSpans; ++i) {
        for (std::size_t p = 0; p < kProviders; ++p) tracers[p].start_span("span").set("provider", p);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t p = 0; p < kProviders; ++p) {
    EXPECT_EQ(all[p].provider->flush(), FlushResult::kSuccess);
    for (std::size_t i = 0; i < kProcessors; ++i) {
      const auto spans = all[p].collected[i]->spans();
      EXPECT_EQ(spans.size(), kThreads * kSpans);
      for (const auto& span : spans) EXPECT_EQ(span.attributes.at("provider"), std::to_string(p));
      const Ledger ledger = ledger_of(*all[p].processors[i]);
      EXPECT_EQ(ledger.exported, kThreads * kSpans);
      EXPECT_TRUE(ledger.balances());
    }
    EXPECT_TRUE(all[p].provider->ledger().balances());
  }
}

TEST(SeveralProviders, AtMostSixteenLiveAndAPlaceIsFreeAgainAfterShutdown) {
  std::vector<TracerProvider> providers;
  for (;;) {
    auto created = TracerProvider::create({});
    if (!created.ok()) {
      EXPECT_EQ(created.error().code, ErrorCode::kResourceExhausted);
      break;
    }
    providers.push_back(std::move(created).value());
    ASSERT_LE(providers.size(), 16U);
  }
  EXPECT_EQ(providers.size(), 16U);
  providers.pop_back();
  EXPECT_TRUE(TracerProvider::create({}).ok());
}

TEST(SeveralProviders, ALateSpanOfAnOldOneIsNotTheNextOnes) {
  std::vector<Span> late;
  for (int i = 0; i < 40; ++i) {  // more than there are places
    const auto collected = std::make_shared<Collected>();
    TracerProviderOptions options;
    options.processors.push_back(batch_processor(std::make_unique<CollectingExporter>(collected), roomy_batches()));
    TracerProvider provider = make_provider(std::move(options));
    Tracer tracer = provider.tracer({.name = "t"});
    tracer.start_span("mine").end();
    late.push_back(tracer.start_span("late"));
    if (late.size() > 17) late[late.size() - 17].end();
    EXPECT_EQ(provider.flush(), FlushResult::kSuccess);
    EXPECT_EQ(collected->size(), 1U);
    EXPECT_EQ(collected->spans().at(0).name, "mine");
  }
}

// The 16 columns of the counters are used again; the ledgers that came out of them are not.
TEST(SeveralProviders, EachKeepsItsOwnLedgerWhenAnotherTakesItsPlace) {
  struct Former {
    std::shared_ptr<SpanProcessor> processor;
    Span late;
  };
  std::vector<Former> all;
  for (std::uint64_t i = 0; i < 40; ++i) {
    auto processor =
        batch_processor(std::make_unique<CollectingExporter>(std::make_shared<Collected>()), roomy_batches());
    TracerProviderOptions options;
    options.processors.push_back(processor);
    TracerProvider provider = make_provider(std::move(options));
    Tracer tracer = provider.tracer({.name = "t"});
    EXPECT_EQ(provider.ledger().ended, 0U);
    for (std::uint64_t k = 0; k <= i; ++k) tracer.start_span("mine").end();
    if (i >= 16) all[i - 16].late.end();  // started under the provider that had this place before
    EXPECT_EQ(provider.flush(), FlushResult::kSuccess);
    EXPECT_EQ(provider.ledger().ended, i + 1);
    EXPECT_TRUE(provider.ledger().balances());
    all.push_back({std::move(processor), tracer.start_span("late")});
  }
  for (std::uint64_t i = 0; i < all.size(); ++i) {
    const Ledger ledger = ledger_of(*all[i].processor);
    EXPECT_EQ(ledger.ended, i + 1);
    EXPECT_EQ(ledger.exported, i + 1);
    EXPECT_TRUE(ledger.balances());
  }
}

TEST(NullProcessor, IsRefused) {
  TracerProviderOptions options;
  options.processors.push_back(nullptr);
  EXPECT_EQ(TracerProvider::create(std::move(options)).error().code, ErrorCode::kInvalidArgument);
}

TEST(ProcessorWithoutExporter, IsRefused) {
  for (const auto& processor : {batch_processor(nullptr), simple_processor(nullptr)}) {
    TracerProviderOptions options;
    options.processors = {std::make_shared<SpanProcessor>(), processor};
    const auto refused = TracerProvider::create(std::move(options));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(refused.error().message,
              "processors: number 2 cannot be used: it has no exporter: null was given, or in_memory_exporter() was "
              "given null");
  }
}

// No provider checks what a processor of the user holds.
TEST(ProcessorWithoutExporter, InsideAnotherDropsAndCountsEverySpan) {
  for (const auto& processor : {batch_processor(nullptr), simple_processor(nullptr)}) {
    class Wrapping final : public SpanProcessor {
     public:
      explicit Wrapping(std::shared_ptr<SpanProcessor> inner) : inner_(std::move(inner)) {}
      void on_end(const SpanView& span) override { inner_->on_end(span); }

     private:
      const std::shared_ptr<SpanProcessor> inner_;
    };
    TracerProviderOptions options;
    options.processors = {std::make_shared<Wrapping>(processor)};
    TracerProvider provider = make_provider(std::move(options));
    provider.tracer({.name = "t"}).start_span("lost").end();
    EXPECT_EQ(processor->flush(0), FlushResult::kFailure);
    EXPECT_EQ(processor->shutdown(0), FlushResult::kFailure);
    EXPECT_EQ(ledger_of(*processor).dropped_by(DropReason::kShutdown), 1U);
    EXPECT_TRUE(ledger_of(*processor).balances());
  }
}

TEST(BatchOptionsOutOfRange, AreRefusedAsByStart) {
  TracerProviderOptions options;
  options.processors = {
      batch_processor(std::make_unique<CollectingExporter>(std::make_shared<Collected>()), {.queue_bytes_max = 0})};
  EXPECT_EQ(TracerProvider::create(std::move(options)).error().message,
            "processors: number 1 cannot be used: batch.queue_bytes_max is 0; the least is 1");
}

// It would see each span twice, and its ledger would count twice.
TEST(SameProcessorTwice, IsRefused) {
  for (const auto& processor : {batch_processor(std::make_unique<CollectingExporter>(std::make_shared<Collected>())),
                                simple_processor(std::make_unique<CollectingExporter>(std::make_shared<Collected>())),
                                std::make_shared<SpanProcessor>()}) {
    TracerProviderOptions options;
    options.processors = {processor, std::make_shared<SpanProcessor>(), processor};
    const auto refused = TracerProvider::create(std::move(options));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(refused.error().message, "processors: number 3 is listed before already; each sees every span once");
  }
}

/// An exporter that notes whether its calls overlap.
class OverlapExporter final : public SpanExporter {
 public:
  struct Seen {
    std::atomic<int> inside{0}, overlaps{0}, spans{0}, shutdowns{0}, recording{0};
  };
  OverlapExporter(std::shared_ptr<Seen> seen, Tracer tracer) : seen_(std::move(seen)), tracer_(std::move(tracer)) {}
  ExportResult export_spans(const SpanBatch& batch) override {
    if (seen_->inside.fetch_add(1) != 0) ++seen_->overlaps;
    seen_->spans += static_cast<int>(batch.span_count());
    if (tracer_.start_span("from the exporter").is_recording()) ++seen_->recording;
    seen_->inside.fetch_sub(1);
    return {};
  }
  void shutdown(std::uint64_t) override { ++seen_->shutdowns; }

 private:
  std::shared_ptr<Seen> seen_;
  Tracer tracer_;
};

// trace/sdk.md "Simple processor": "MUST synchronize calls to Span Exporter's Export to make sure that they are not
// invoked concurrently".
TEST(SimpleProcessor, ExportsEachSpanAtItsEndOneAtATime) {
  const auto seen = std::make_shared<OverlapExporter::Seen>();
  TracerProviderOptions options;
  options.processors.push_back(simple_processor(std::make_unique<OverlapExporter>(seen, nanospan::tracer("exporter"))));
  TracerProvider provider = make_provider(std::move(options));
  provider.set_default();  // so that the exporter's own tracer would record, were it not suppressed
  Tracer tracer = provider.tracer({.name = "t"});
  tracer.start_span("now").end();
  EXPECT_EQ(seen->spans, 1);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) tracer.start_span("span").set("i", i);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(seen->spans, 401);
  EXPECT_EQ(seen->overlaps, 0);
  EXPECT_EQ(seen->recording, 0);  // self-observability: telemetry never traces itself
  EXPECT_EQ(provider.flush(), FlushResult::kSuccess);
  EXPECT_EQ(provider.shutdown(), FlushResult::kSuccess);
  EXPECT_EQ(seen->shutdowns, 1);
  tracer.start_span("late").end();
  EXPECT_EQ(seen->spans, 401);
}

TEST(SimpleProcessor, SeesWhatTheBatchProcessorSees) {
  const auto simple = std::make_shared<Collected>();
  TracerProviderOptions options;
  options.processors.push_back(simple_processor(std::make_unique<CollectingExporter>(simple)));
  ExportingProvider sdk(std::move(options));
  for (const std::size_t size : {10U, 3000U, 300'000U}) {
    sdk.tracer().start_span("span").set("text", std::string(size, 'x')).add_event("e");
  }
  sdk.spans();
  const auto one = simple->spans(), other = sdk.spans();
  ASSERT_EQ(one.size(), other.size());
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one[i].attributes, other[i].attributes);
}

// trace/sdk.md "ForceFlush", "Shutdown": concurrently and in any order.
TEST(Concurrency, FlushShutdownAndSpansFromManyThreads) {
  for (int round = 0; round < 10; ++round) {
    ExportingProvider sdk;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) sdk.tracer().start_span("span").set("i", i);
      });
    }
    threads.emplace_back([&] { sdk.provider().flush(); });
    threads.emplace_back([&] { sdk.provider().flush(); });
    threads.emplace_back([&] { sdk.provider().shutdown(); });
    threads.emplace_back([&] { sdk.provider().shutdown(); });
    for (auto& thread : threads) thread.join();
    const Ledger ledger = sdk.provider().ledger();
    EXPECT_TRUE(ledger.balances());
    EXPECT_EQ(ledger.exported, sdk.collected().size());
  }
}

}  // namespace
}  // namespace nanospan

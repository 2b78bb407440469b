// Span creation: trace/api.md "Span Creation", trace/sdk.md "SDK Span creation". Names cite the clause in words.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <nanospan/baggage.h>
#include <nanospan/diagnostics.h>

#include "tests/support/exporting_provider.h"

namespace nanospan {
namespace {

using testing::ExportingProvider;

const TraceId kTrace = TraceId::from_hex("0af7651916cd43dd8448eb211c80319c");
const SpanId kParent = SpanId::from_hex("b7ad6b7169203331");

/// A sampler that does what a test says, on the path that takes no short cuts.
class FunctionSampler final : public Sampler {
 public:
  using Function = std::function<SamplingResult(const SamplingParameters&)>;
  explicit FunctionSampler(Function function) : function_(std::move(function)) {}
  SamplingResult should_sample(const SamplingParameters& parameters) const override { return function_(parameters); }
  std::string description() const override { return "FunctionSampler"; }

 private:
  Function function_;
};

TracerProviderOptions with_sampler(FunctionSampler::Function function) {
  TracerProviderOptions options;
  options.sampler = std::make_shared<FunctionSampler>(std::move(function));
  return options;
}
TracerProviderOptions with_decision(SamplingDecision decision) {
  return with_sampler([decision](const SamplingParameters&) { return SamplingResult{.decision = decision}; });
}

Context parent_of(std::uint8_t flags, bool remote, TraceState state = {}) {
  return Context::root().with_span_context(SpanContext(kTrace, kParent, flags, remote, std::move(state)));
}

// Each rule must hold on the inlined path (a built-in sampler) and on the one through the library.
class Creation : public ::testing::TestWithParam<bool> {
 protected:
  static TracerProviderOptions sampling_all() {
    return GetParam() ? TracerProviderOptions{} : with_decision(SamplingDecision::kRecordAndSample);
  }
  ExportingProvider sdk_{sampling_all()};
};
INSTANTIATE_TEST_SUITE_P(Paths, Creation, ::testing::Bool(),
                         [](const auto& of) { return of.param ? "Inlined" : "ThroughTheLibrary"; });

TEST_P(Creation, NullTextIsNoText) {
  const char* const none = nullptr;
  {
    Span span = sdk_.tracer().start_span(none, {.attributes = {{"at start", none}}});
    span.set("user", none).set(none, "a key is missing").add_event(none);
    SharedSpan shared(std::move(span));
    shared.set("shared", none);
  }
  const auto sent = sdk_.only_span();
  EXPECT_EQ(sent.name, "");
  EXPECT_EQ(sent.attribute_count, 3U);
  EXPECT_EQ(sent.dropped_attributes, 1U);
  EXPECT_EQ(sent.events, std::vector<std::string>{""});
}

TEST_P(Creation, ARootHasANewTraceIdAndNoParent) {
  Span first = sdk_.tracer().start_span("first");
  Span second = sdk_.tracer().start_span("second");
  EXPECT_TRUE(first.context().is_valid());
  EXPECT_NE(first.context().trace_id(), second.context().trace_id());
  EXPECT_TRUE(first.is_recording());
  EXPECT_TRUE(first.context().is_sampled());
  EXPECT_TRUE(first.context().is_random());  // trace/sdk.md "Random flag": the built-in generator is random
  EXPECT_FALSE(first.context().is_remote());
  first.end();
  EXPECT_FALSE(sdk_.only_span().parent.is_valid());
}

TEST_P(Creation, AChildHasTheTraceIdTheRandomBitAndTheTraceStateOfItsParent) {
  for (const std::uint8_t random : {std::uint8_t{0}, TraceFlags::kRandom}) {
    const auto flags = static_cast<std::uint8_t>(TraceFlags::kSampled | random);
    const Context parent = parent_of(flags, true, TraceState::parse("a=1"));
    Span child = sdk_.tracer().start_span("child", {.parent = &parent});
    EXPECT_EQ(child.context().trace_id(), kTrace);
    EXPECT_NE(child.context().span_id(), kParent);
    EXPECT_EQ(child.context().trace_flags(), flags);
    EXPECT_EQ(child.context().trace_state().header(), "a=1");
    EXPECT_FALSE(child.context().is_remote());
  }
  for (const auto& span : sdk_.spans()) {
    EXPECT_EQ(span.parent.span_id(), kParent);
    EXPECT_TRUE(span.parent.is_remote());
    EXPECT_EQ(span.context.trace_state().header(), "a=1");
  }
}

TEST_P(Creation, AnInvalidParentMeansANewTraceAndNothingOfItLeaks) {
  const SpanContext invalid[] = {
      SpanContext(kTrace, SpanId(), TraceFlags::kSampled, true, TraceState::parse("leak=1")),
      SpanContext(TraceId(), kParent, TraceFlags::kSampled, true, TraceState::parse("leak=1")),
      SpanContext(TraceId(), SpanId(), 0, false, TraceState::parse("leak=1")),
      SpanContext(kTrace, SpanId(), 0, true),
  };
  for (const SpanContext& context : invalid) {
    const Context parent = Context::root().with_span_context(context);
    Span span = sdk_.tracer().start_span("root", {.parent = &parent});
    EXPECT_TRUE(span.context().is_valid());
    EXPECT_NE(span.context().trace_id(), kTrace);
    EXPECT_TRUE(span.context().trace_state().empty());
    EXPECT_TRUE(span.is_recording());
  }
  for (const auto& span : sdk_.spans()) {
    EXPECT_FALSE(span.parent.is_valid());
    EXPECT_FALSE(span.parent.is_remote());
  }
}

TEST_P(Creation, TheRootOptionIgnoresAnyParent) {
  const Context parent = parent_of(TraceFlags::kSampled, false);
  Span span = sdk_.tracer().start_span("root", {.parent = &parent, .root = true});
  EXPECT_NE(span.context().trace_id(), kTrace);
  const Scope scope(parent);
  EXPECT_NE(sdk_.tracer().start_span("root", {.root = true}).context().trace_id(), kTrace);
  EXPECT_EQ(sdk_.tracer().start_span("child").context().trace_id(), kTrace);
}

TEST_P(Creation, AnExplicitParentWinsOverTheCurrentContext) {
  const Scope scope(parent_of(TraceFlags::kSampled, false));
  EXPECT_NE(sdk_.tracer().start_span("root", {.parent = &Context::root()}).context().trace_id(), kTrace);
}

TEST_P(Creation, StartingASpanDoesNotMakeItCurrent) {
  Span span = sdk_.tracer().start_span("span");
  EXPECT_FALSE(Context::current().span_context().is_valid());
}

TEST_P(Creation, TheParentMayHaveEnded) {
  Span parent = sdk_.tracer().start_span("parent");
  const Scope scope(parent);
  parent.end();
  Span child = sdk_.tracer().start_span("child");
  EXPECT_EQ(child.context().trace_id(), parent.context().trace_id());
}

TEST_P(Creation, AUserDefinedStartTimeIsKept) {
  Span span = sdk_.tracer().start_span("span", {.start_unix_nanos = 1'600'000'000'000'000'001});
  span.end(1'600'000'000'000'000'777);
  EXPECT_EQ(sdk_.only_span().start, 1'600'000'000'000'000'001U);
  EXPECT_EQ(sdk_.only_span().end, 1'600'000'000'000'000'777U);
}

TEST_P(Creation, KindAttributesAndLinksAreTakenAtTheStart) {
  const SpanContext linked(kTrace, kParent, 0, true);
  const Attribute why[] = {{"why", "batch"}};
  const Link links[] = {{linked, why}, {linked}};
  sdk_.tracer().start_span(
      "span", {.kind = SpanKind::kConsumer, .attributes = {{"a", 1}, {"b", "x"}, {"a", 2}}, .links = links});
  const auto span = sdk_.only_span();
  EXPECT_EQ(span.kind, SpanKind::kConsumer);
  EXPECT_EQ(span.attributes, (std::map<std::string, std::string>{{"a", "2"}, {"b", "x"}}));
  EXPECT_EQ(span.attribute_count, 2U);
  EXPECT_EQ(span.links.size(), 2U);
}

TEST(Sampling, ADroppedSpanHasANewSpanIdTheSamplersTraceStateAndIsNeverSampled) {
  ExportingProvider sdk(with_sampler([](const SamplingParameters&) {
    return SamplingResult{.decision = SamplingDecision::kDrop, .trace_state = TraceState::parse("s=1")};
  }));
  const Context parent = parent_of(TraceFlags::kSampled, true, TraceState::parse("p=1"));
  Span child = sdk.tracer().start_span("child", {.parent = &parent});
  EXPECT_FALSE(child.is_recording());
  EXPECT_FALSE(child.context().is_sampled());
  EXPECT_EQ(child.context().trace_id(), kTrace);
  EXPECT_TRUE(child.context().span_id().is_valid());
  EXPECT_NE(child.context().span_id(), kParent);
  EXPECT_EQ(child.context().trace_state().header(), "s=1");
  EXPECT_NE(child.context().span_id(), sdk.tracer().start_span("child", {.parent = &parent}).context().span_id());
}

TEST(Sampling, TheInlinedPathDropsWithANewSpanIdToo) {
  TracerProviderOptions options;
  options.sampler = always_off_sampler();
  ExportingProvider sdk(std::move(options));
  const Context parent = parent_of(TraceFlags::kSampled, true);
  for (int i = 0; i < 3; ++i) {
    Span child = sdk.tracer().start_span("child", {.parent = &parent});
    EXPECT_FALSE(child.is_recording());
    EXPECT_FALSE(child.context().is_sampled());
    EXPECT_EQ(child.context().trace_id(), kTrace);
    EXPECT_NE(child.context().span_id(), kParent);
    EXPECT_TRUE(child.context().is_valid());
  }
}

TEST(Sampling, TheReturnedTraceStateReplacesAndAnEmptyOneClears) {
  TraceState answer = TraceState::parse("mine=1");
  ExportingProvider sdk(with_sampler([&](const SamplingParameters&) {
    return SamplingResult{.decision = SamplingDecision::kRecordAndSample, .trace_state = answer};
  }));
  const Context parent = parent_of(TraceFlags::kSampled, true, TraceState::parse("theirs=1"));
  EXPECT_EQ(sdk.tracer().start_span("child", {.parent = &parent}).context().trace_state().header(), "mine=1");
  answer = TraceState();
  EXPECT_TRUE(sdk.tracer().start_span("child", {.parent = &parent}).context().trace_state().empty());
}

TEST(Sampling, TheSamplersAttributesAreAddedAndWin) {
  ExportingProvider sdk(with_sampler([](const SamplingParameters&) {
    SamplingResult result{.decision = SamplingDecision::kRecordAndSample};
    result.attributes.add("rule", "errors");
    result.attributes.add("clash", "sampler");
    return result;
  }));
  sdk.tracer().start_span("span", {.attributes = {{"clash", "user"}, {"own", 1}}});
  const auto span = sdk.only_span();
  EXPECT_EQ(span.attributes,
            (std::map<std::string, std::string>{{"clash", "sampler"}, {"own", "1"}, {"rule", "errors"}}));
  EXPECT_EQ(span.attribute_count, 3U);
}

// Trap 1b-1 of opentelemetry-cpp: its samplers see a SpanContext only.
TEST(Sampling, TheSamplerSeesTheFullParentContextAndWhatTheSpanIsGiven) {
  ContextKey<int> tenant("tenant");
  int seen = 0;
  ExportingProvider sdk(with_sampler([&](const SamplingParameters& parameters) {
    const int* value = parameters.parent.get(tenant);
    EXPECT_EQ(value != nullptr ? *value : 0, 42);
    EXPECT_EQ(parameters.parent.span_context().span_id(), kParent);
    EXPECT_EQ(parameters.trace_id, kTrace);
    EXPECT_EQ(parameters.name, "checkout");
    EXPECT_EQ(parameters.kind, SpanKind::kServer);
    EXPECT_EQ(parameters.attributes.size(), 1U);
    EXPECT_EQ(parameters.links.size(), 1U);
    ++seen;
    return SamplingResult{};
  }));
  const Context parent = parent_of(0, true).with(tenant(42));
  const SpanContext linked;
  const Link links[] = {{linked}};
  sdk.tracer().start_span("checkout",
                          {.kind = SpanKind::kServer, .attributes = {{"a", 1}}, .links = links, .parent = &parent});
  EXPECT_EQ(seen, 1);
}

TEST(Sampling, TheSamplerIsAskedForARootWithItsNewTraceId) {
  TraceId asked;
  ExportingProvider sdk(with_sampler([&](const SamplingParameters& parameters) {
    asked = parameters.trace_id;
    return SamplingResult{.decision = SamplingDecision::kRecordAndSample};
  }));
  EXPECT_EQ(sdk.tracer().start_span("root").context().trace_id(), asked);
}

// trace/sdk.md "Recording Sampled reaction table": sampled is never set without recording.
TEST(Sampling, RecordOnlyRecordsButIsNeitherSampledNorExported) {
  ExportingProvider sdk(with_decision(SamplingDecision::kRecordOnly));
  {
    Span span = sdk.tracer().start_span("span");
    EXPECT_TRUE(span.is_recording());
    EXPECT_FALSE(span.context().is_sampled());
    span.set("a", 1);
  }
  EXPECT_TRUE(sdk.spans().empty());
  EXPECT_EQ(sdk.provider().ledger().ended, 0U);
}

TEST(Sampling, ParentBasedFollowsEachOfTheFiveParts) {
  const auto part = [](std::string_view who) {
    return std::make_shared<FunctionSampler>([who](const SamplingParameters&) {
      SamplingResult result{.decision = SamplingDecision::kRecordAndSample};
      result.attributes.add("who", who);
      return result;
    });
  };
  TracerProviderOptions options;
  options.sampler = parent_based_sampler({.root = part("root"),
                                          .remote_parent_sampled = part("remote+"),
                                          .remote_parent_not_sampled = part("remote-"),
                                          .local_parent_sampled = part("local+"),
                                          .local_parent_not_sampled = part("local-")});
  ExportingProvider sdk(std::move(options));
  const auto start = [&](const Context& parent) { sdk.tracer().start_span("span", {.parent = &parent}); };
  start(Context::root());
  start(parent_of(1, true));
  start(parent_of(0, true));
  start(parent_of(1, false));
  start(parent_of(0, false));
  std::vector<std::string> who;
  for (const auto& span : sdk.spans()) who.push_back(span.attributes.at("who"));
  EXPECT_EQ(who, (std::vector<std::string>{"root", "remote+", "remote-", "local+", "local-"}));
}

TEST(Sampling, TheDefaultIsParentBasedAlwaysOn) {
  ExportingProvider sdk;
  for (const bool remote : {false, true}) {
    const Context dropped = parent_of(0, remote);
    const Context sampled = parent_of(TraceFlags::kSampled, remote);
    EXPECT_FALSE(sdk.tracer().start_span("child", {.parent = &dropped}).is_recording());
    EXPECT_TRUE(sdk.tracer().start_span("child", {.parent = &sampled}).is_recording());
  }
  EXPECT_TRUE(sdk.tracer().start_span("root").is_recording());
}

TEST(Sampling, ASamplerThatThrowsDropsAndNothingEscapes) {
  set_error_handler([](std::string_view, std::string_view) {});
  ExportingProvider sdk(with_sampler([](const SamplingParameters&) -> SamplingResult { throw 7; }));
  EXPECT_FALSE(sdk.tracer().start_span("span").is_recording());
  set_error_handler(nullptr);
}

class CountingIds final : public IdGenerator {
 public:
  explicit CountingIds(bool is_random) : is_random_(is_random) {}
  TraceId new_trace_id() override {
    const std::uint64_t words[2] = {7, ++traces_};
    return TraceId::from_bytes(words);
  }
  SpanId new_span_id() override {
    const std::uint64_t word = ++spans_;
    return SpanId::from_bytes(&word);
  }
  bool is_random() const override { return is_random_; }

 private:
  bool is_random_;
  std::atomic<std::uint64_t> traces_{0}, spans_{0};
};

TEST(Ids, AUserDefinedGeneratorMakesThemAndSaysWhetherTheyAreRandom) {
  for (const bool is_random : {false, true}) {
    TracerProviderOptions options;
    options.id_generator = std::make_shared<CountingIds>(is_random);
    ExportingProvider sdk(std::move(options));
    Span root = sdk.tracer().start_span("root");
    const std::uint64_t trace[2] = {7, 1}, span = 1;
    EXPECT_EQ(root.context().trace_id(), TraceId::from_bytes(trace));
    EXPECT_EQ(root.context().span_id(), SpanId::from_bytes(&span));
    EXPECT_EQ(root.context().is_random(), is_random);
    // The child copies the bit, whatever the generator.
    const Context parent = parent_of(TraceFlags::kSampled, true);
    EXPECT_FALSE(sdk.tracer().start_span("child", {.parent = &parent}).context().is_random());
  }
}

class BadIds final : public IdGenerator {
 public:
  TraceId new_trace_id() override { return TraceId(); }
  SpanId new_span_id() override { throw std::runtime_error("no ids"); }
};

TEST(Ids, AGeneratorThatFailsIsReplacedByRandomIds) {
  int reports = 0;
  set_error_handler([&](std::string_view component, std::string_view) { reports += component == "id_generator"; });
  TracerProviderOptions options;
  options.id_generator = std::make_shared<BadIds>();
  ExportingProvider sdk(std::move(options));
  EXPECT_TRUE(sdk.tracer().start_span("root").context().is_valid());
  EXPECT_GE(reports, 1);
  set_error_handler(nullptr);
}

TEST(Ids, AreDistinctOverThreads) {
  ExportingProvider sdk;
  constexpr std::size_t kThreads = 4, kSpans = 2000;
  std::vector<std::vector<SpanContext>> contexts(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : contexts) {
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < kSpans; ++i) mine.push_back(sdk.tracer().start_span("span").context());
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<TraceId> traces;
  std::set<SpanId> spans;
  std::uint64_t ones[64] = {};
  for (const auto& mine : contexts) {
    for (const auto& context : mine) {
      traces.insert(context.trace_id());
      spans.insert(context.span_id());
      std::uint64_t word;
      std::memcpy(&word, context.trace_id().data() + 8, sizeof word);
      for (int bit = 0; bit < 64; ++bit) ones[bit] += word >> bit & 1;
    }
  }
  EXPECT_EQ(traces.size(), kThreads * kSpans);
  EXPECT_EQ(spans.size(), kThreads * kSpans);
  // W3C Trace Context Level 2 "Random Trace ID Flag": each bit is as likely one as zero. 8000 throws, 8 standard
  // deviations.
  for (const std::uint64_t count : ones) EXPECT_NEAR(static_cast<double>(count), 4000, 360);
}

// trace/sdk.md "TraceIdRatioBased": the share of the roots that are sampled is the ratio, also while a thread has no
// free slab. (One that was drawn anew then was kept with the ratio squared: 1 % became 0.01 %.)
TEST(CreationRatio, RootsThatStayOpenAreSampledAtTheRatioAsWell) {
  TracerProviderOptions options;
  options.sampler = parent_based_sampler({.root = trace_id_ratio_sampler(0.01)});
  ExportingProvider sdk(std::move(options));
  std::vector<Span> open;
  for (int i = 0; i < 30'000; ++i) {
    Span span = sdk.tracer().start_span("root", {.root = true});
    if (span.is_recording()) open.push_back(std::move(span));
  }
  // 300 +- 6 standard deviations.
  EXPECT_GT(open.size(), 196u);
  EXPECT_LT(open.size(), 404u);
}

}  // namespace
}  // namespace nanospan

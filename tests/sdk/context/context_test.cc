// context/README.md: keys, values, the current context, attaching and detaching. Spans that record are tested with the
// tracer.
#include <gtest/gtest.h>
#include <nanospan/context.h>
#include <nanospan/span.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/allocations.h"

namespace nanospan {
namespace {

constinit const ContextKey<int> number_key("value");
constinit const ContextKey<std::string> text_key("value");
constinit const ContextKey<std::shared_ptr<int>> shared_key("shared");

SpanContext some_span(std::string_view id = "00000000000000aa") {
  return SpanContext(TraceId::from_hex("000000000000000000000000000000ff"), SpanId::from_hex(id), 1, false);
}

// "Create a key": keys with equal names are distinct.
TEST(ContextKeys, AreToldApartByIdentityNotByName) {
  static constinit const ContextKey<int> other("value");
  const Context context = Context::root().with(number_key(1));
  ASSERT_NE(context.get(number_key), nullptr);
  EXPECT_EQ(*context.get(number_key), 1);
  EXPECT_EQ(context.get(other), nullptr);
  EXPECT_EQ(context.get(text_key), nullptr);
  EXPECT_STREQ(number_key.name(), other.name());
}

// "Set value": "MUST return a new Context"; contexts are immutable.
TEST(ContextValues, SettingReturnsANewContext) {
  const Context before = Context::root().with(number_key(1));
  const Context after = before.with(number_key(2));
  EXPECT_EQ(*before.get(number_key), 1);
  EXPECT_EQ(*after.get(number_key), 2);
  EXPECT_EQ(Context::root().get(number_key), nullptr);
}

TEST(ContextValues, AreTypedAndCombine) {
  const Context context = Context::root().with(number_key(1)).with(text_key("x"));
  EXPECT_EQ(*context.get(number_key), 1);
  EXPECT_EQ(*context.get(text_key), "x");
}

TEST(ContextValues, OfEqualKeysInOneCallTheLastWins) {
  EXPECT_EQ(*Context::root().with(number_key(1), number_key(2)).get(number_key), 2);
}

TEST(ContextValues, AnyNumberOfValuesIsOneAllocation) {
  static constinit const ContextKey<double> a("a"), b("b"), c("c"), d("d"), e("e");
  const Context base = Context::root().with(number_key(1));
  std::uint64_t values = 0;
  const std::uint64_t count = testing::allocations_of([&] {
    const Context context = base.with(a(1), b(2), c(3), d(4), e(5));
    values = static_cast<std::uint64_t>(*context.get(a) + *context.get(e));
  });
  EXPECT_EQ(count, 1U);
  EXPECT_EQ(values, 6U);
}

TEST(ContextValues, CopiesShareTheirValues) {
  const Context context = Context::root().with(text_key(std::string(100, 'x')));
  EXPECT_EQ(testing::allocations_of([&] { const Context copy(context); }), 0U);
  const Context copy = context;
  EXPECT_EQ(copy.get(text_key), context.get(text_key));
}

TEST(ContextValues, LiveAsLongAsAContextThatHasThem) {
  const auto shared = std::make_shared<int>(7);
  {
    Context outer;
    {
      const Context inner = Context::root().with(shared_key(shared));
      outer = inner.with(number_key(1));
    }
    EXPECT_EQ(shared.use_count(), 2);
    EXPECT_EQ(**outer.get(shared_key), 7);
    const Context moved = std::move(outer);
    EXPECT_EQ(shared.use_count(), 2);
  }
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(ContextValues, ALongChainIsReleasedWithoutRecursion) {
  Context context;
  for (int i = 0; i < 1'000'000; ++i) context = context.with(number_key(i));
  EXPECT_EQ(*context.get(number_key), 999'999);
}

TEST(ContextValues, AContextMayBeReadFromManyThreads) {
  const Context context = Context::root().with(number_key(5), text_key("x"));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&context] {
      for (int i = 0; i < 1000; ++i) {
        const Context copy = context.with(number_key(i));
        EXPECT_EQ(*copy.get(number_key), i);
        EXPECT_EQ(*copy.get(text_key), "x");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(ContextSpan, ASpanContextKeepsValuesAndValuesKeepTheSpanContext) {
  const Context context = Context::root().with(number_key(1)).with_span_context(some_span());
  EXPECT_EQ(context.span_context(), some_span());
  EXPECT_EQ(*context.get(number_key), 1);
  EXPECT_EQ(context.with(number_key(2)).span_context(), some_span());
}

TEST(ContextSpan, TheRootContextHasNone) {
  EXPECT_FALSE(Context::root().span_context().is_valid());
  EXPECT_FALSE(Context::root().span().is_recording());
}

// trace/api.md "Wrapping a SpanContext in a Span": it carries the context, does not record, and is taken back out
// unchanged.
TEST(ContextSpan, ASpanThatDoesNotRecordIsCarried) {
  const Span span(some_span());
  const Context context = Context::root().with_span(span);
  EXPECT_EQ(context.span_context(), some_span());
  EXPECT_FALSE(context.span().is_recording());
  EXPECT_EQ(context.span().context(), some_span());
}

// C4 to C6: attach, detach, get current.
TEST(ContextScope, NestsLikeTheBlocksThatHoldIt) {
  EXPECT_FALSE(Context::current().span_context().is_valid());
  {
    const Scope outer(Context::root().with(number_key(1)));
    EXPECT_EQ(*Context::current().get(number_key), 1);
    {
      const Scope inner(Context::current().with(number_key(2)));
      EXPECT_EQ(*Context::current().get(number_key), 2);
    }
    EXPECT_EQ(*Context::current().get(number_key), 1);
  }
  EXPECT_EQ(Context::current().get(number_key), nullptr);
}

TEST(ContextScope, MakingASpanCurrentKeepsTheValuesAndAllocatesNothing) {
  const Span span(some_span());
  const Scope outer(Context::root().with(number_key(1)));
  const std::uint64_t count = testing::allocations_of([&] {
    const Scope inner(span);
    EXPECT_EQ(Context::current().span_context().span_id(), span.context().span_id());
    EXPECT_EQ(*Context::current().get(number_key), 1);
  });
  EXPECT_EQ(count, 0U);
  EXPECT_FALSE(Context::current().span_context().is_valid());
}

TEST(ContextScope, AMovedSpanLeavesTheScopeIntact) {
  Span span(some_span());
  const Scope scope(span);
  { const Span moved = std::move(span); }
  EXPECT_EQ(Context::current().span_context(), some_span());
}

TEST(ContextScope, EachThreadHasItsOwnCurrentContext) {
  const Scope scope(Context::root().with(number_key(1)));
  std::thread([] { EXPECT_EQ(Context::current().get(number_key), nullptr); }).join();
}

TEST(ContextScope, ACapturedContextIsMadeCurrentOnAnotherThread) {
  const Scope scope(Context::root().with(number_key(1)).with_span_context(some_span()));
  std::thread([captured = Context::current()]() mutable {
    const Scope handed_over(std::move(captured));
    EXPECT_EQ(*Context::current().get(number_key), 1);
    EXPECT_EQ(Context::current().span_context(), some_span());
  }).join();
}

// An Api table that only listens, for what must be reported.
std::vector<std::string>& reported() {
  static std::vector<std::string> lines;
  return lines;
}
class ListeningApi {
 public:
  ListeningApi() : before_(nanospan_api_r1.load()) {
    reported().clear();
    api_.report = [](std::string_view component, std::string_view) { reported().emplace_back(component); };
    nanospan_api_r1.store(&api_);
  }
  ~ListeningApi() { nanospan_api_r1.store(before_); }

 private:
  detail::Api api_{};
  const detail::Api* before_;
};

// "Detach Context": a wrong call order should be detectable.
TEST(ContextScope, DestructionOutOfOrderIsReportedAndWhatIsCurrentStays) {
  const ListeningApi listening;
  const Scope outermost(Context::root().with(number_key(0)));
  {
    auto outer = std::make_unique<Scope>(Context::root().with(number_key(1)));
    const Scope middle(Context::root().with(number_key(2)));
    const Scope inner(Context::root().with(number_key(3)));
    outer.reset();
    EXPECT_EQ(reported(), std::vector<std::string>{"context"});
    EXPECT_EQ(*Context::current().get(number_key), 3);
  }
  EXPECT_EQ(*Context::current().get(number_key), 0) << "the scopes made after it do not bring it back";
}

TEST(ContextScope, DestructionOnAnotherThreadIsReported) {
  const ListeningApi listening;
  std::unique_ptr<Scope> made_elsewhere;
  std::thread([&] { made_elsewhere = std::make_unique<Scope>(Context::root().with(number_key(1))); }).join();
  const Scope scope(Context::root().with(number_key(2)));
  made_elsewhere.reset();
  EXPECT_EQ(reported(), std::vector<std::string>{"context"});
  EXPECT_EQ(*Context::current().get(number_key), 2);
}

TEST(ContextScope, OutOfOrderWithoutAnSdkIsHarmless) {
  {
    auto outer = std::make_unique<Scope>(Context::root().with(number_key(1)));
    const Scope inner(Context::root().with(number_key(2)));
    outer.reset();
    EXPECT_EQ(*Context::current().get(number_key), 2);
  }
  EXPECT_EQ(Context::current().get(number_key), nullptr);
}

}  // namespace
}  // namespace nanospan

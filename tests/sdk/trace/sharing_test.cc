// One span and several threads: trace/api.md "Concurrency", context/README.md. Run under ThreadSanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "tests/support/exporting_provider.h"

namespace nanospan {
namespace {

using testing::ExportingProvider;

template <class Work>
void on_threads(int count, Work work) {
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) threads.emplace_back([work, t]() mutable { work(t); });
  for (auto& thread : threads) thread.join();
}

TEST(SharedSpans, TakeEverythingFromEveryThread) {
  ExportingProvider sdk;
  {
    SharedSpan span(sdk.tracer().start_span("span"));
    on_threads(4, [span](int t) mutable {
      for (int i = 0; i < 25; ++i) {
        span.set("thread." + std::to_string(t) + "." + std::to_string(i), i).set("same", t);
        span.add_event("event").add_link(span.context()).set_status(StatusCode::kError, "why");
      }
    });
    EXPECT_TRUE(span.is_recording());
  }
  const auto sent = sdk.only_span();
  EXPECT_EQ(sent.attribute_count, 101U);
  EXPECT_EQ(sent.events.size(), 100U);
  EXPECT_EQ(sent.links.size(), 100U);
}

TEST(SharedSpans, EndOnceAtTheFirstEndOrWithTheLastCopy) {
  ExportingProvider sdk;
  for (int i = 0; i < 50; ++i) {
    SharedSpan span(sdk.tracer().start_span("span"));
    on_threads(3, [span, i](int t) mutable {
      span.set("t", t);
      if (i % 2 == 0) span.end();
      span.set("late", t);
    });
  }
  EXPECT_EQ(sdk.spans().size(), 50U);
  EXPECT_EQ(sdk.provider().ledger().ended, 50U);
}

// Its owner goes on with what it borrowed while another thread ends the span and the memory is used again.
TEST(SharedSpans, TheOwnersThreadMayBeInTheMiddleOfASetWhenAnotherEnds) {
  ExportingProvider sdk;
  constexpr int kSpans = 300;
  std::mutex mutex;
  SharedSpan shared;
  std::atomic<bool> done{false};
  std::thread other([&] {
    while (!done.load()) {
      std::unique_lock lock(mutex);
      SharedSpan span = shared;
      lock.unlock();
      span.end();
    }
  });
  for (int i = 0; i < kSpans; ++i) {
    const SharedSpan mine(sdk.tracer().start_span("span"));
    const Scope scope(mine);
    if (i % 2 == 0) current_span().set("large", std::string(3000, 'x'));
    {
      const std::lock_guard lock(mutex);
      shared = mine;
    }
    for (int n = 0; n < 50 && current_span().is_recording(); ++n)
      current_span().set("k", n).set("l", "v").add_event("e");
  }
  done.store(true);
  other.join();
  shared = SharedSpan();
  EXPECT_EQ(sdk.spans().size(), static_cast<std::size_t>(kSpans));
}

TEST(CapturedContext, LetsAnotherThreadAddToTheSpanAndStartChildren) {
  ExportingProvider sdk;
  SpanContext parent;
  {
    Span span = sdk.tracer().start_span("parent");
    parent = span.context();
    const Scope scope(span);
    const Context captured = Context::current();
    span.set("before", 1);
    on_threads(2, [&sdk, captured](int t) {
      const Scope here(captured);
      current_span().set("thread." + std::to_string(t), t);
      sdk.tracer().start_span("child").set("t", t);
    });
    span.set("after", 1);
  }
  const auto spans = sdk.spans();
  ASSERT_EQ(spans.size(), 3U);
  for (const auto& span : spans) {  // in any order: they come from several threads
    if (span.name == "parent") {
      EXPECT_EQ(span.attribute_count, 4U);
    } else {
      EXPECT_EQ(span.parent.span_id(), parent.span_id());
    }
  }
}

TEST(SpanRefs, MayBeMovedToAnotherThreadWhileTheOwnerGoesOn) {
  ExportingProvider sdk;
  {
    Span span = sdk.tracer().start_span("span");
    const Scope scope(span);
    std::thread other([ref = current_span()]() mutable {
      for (int i = 0; i < 40; ++i) ref.set("other." + std::to_string(i), i).add_event("other");
    });
    for (int i = 0; i < 40; ++i) span.set("own." + std::to_string(i), i).add_event("own");
    other.join();
  }
  const auto sent = sdk.only_span();
  EXPECT_EQ(sent.attribute_count, 80U);
  EXPECT_EQ(sent.events.size(), 80U);
}

TEST(CapturedContext, OutlivesTheSpanHarmlessly) {
  ExportingProvider sdk;
  std::vector<Context> captured;
  for (int i = 0; i < 10; ++i) {
    Span span = sdk.tracer().start_span("span");
    captured.push_back(Context::root().with_span(span));
  }
  on_threads(3, [&captured](int) {
    for (const Context& context : captured) {
      SpanRef span = context.span();
      EXPECT_FALSE(span.is_recording());
      span.set("late", 1).add_event("late");
    }
  });
  for (const auto& span : sdk.spans()) EXPECT_EQ(span.attribute_count + span.events.size(), 0U);
}

TEST(MovedSpans, StartOnOneThreadAndEndOnAnother) {
  ExportingProvider sdk;
  constexpr int kSpans = 2000;
  for (int i = 0; i < 4; ++i) {
    std::vector<Span> spans;
    for (int n = 0; n < kSpans / 4; ++n) spans.push_back(sdk.tracer().start_span("span"));
    std::thread([spans = std::move(spans)]() mutable {
      for (Span& span : spans) span.set("here", 1).end();
    }).join();
  }
  EXPECT_EQ(sdk.spans().size(), static_cast<std::size_t>(kSpans));
}

TEST(Tracers, AreSafeFromManyThreads) {
  ExportingProvider sdk;
  on_threads(4, [&sdk](int t) {
    for (int i = 0; i < 50; ++i) {
      Tracer tracer = sdk.provider().tracer({.name = i % 2 == 0 ? "even" : "odd"});
      tracer.start_span("span").set("t", t);
    }
  });
  EXPECT_EQ(sdk.spans().size(), 200U);
}

}  // namespace
}  // namespace nanospan

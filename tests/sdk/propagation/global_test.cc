// context/api-propagators.md "Global Propagators".
#include "sdk/propagation/global.h"

#include <gtest/gtest.h>
#include <nanospan/tracer_provider.h>

#include <thread>

#include "tests/support/map_carrier.h"
#include "tests/support/said_lines.h"

namespace nanospan {
namespace {

using testing::Headers;

const Headers kHeaders = {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};

class GlobalPropagator : public ::testing::Test {
 protected:
  ~GlobalPropagator() override { set_propagator(nullptr); }
};

TEST_F(GlobalPropagator, IsANoopUntilOneIsSet) {
  set_propagator(nullptr);
  const Context context = testing::extracted(sdk::propagator(), kHeaders);
  EXPECT_FALSE(context.span_context().is_valid());
  EXPECT_TRUE(sdk::propagator().fields().empty());
}

TEST_F(GlobalPropagator, CanBeSetAndReplaced) {
  set_propagator(trace_context_propagator());
  const Context context = testing::extracted(sdk::propagator(), kHeaders);
  EXPECT_EQ(testing::injected(sdk::propagator(), context), kHeaders);
  set_propagator(baggage_propagator());
  EXPECT_TRUE(testing::injected(sdk::propagator(), context).empty());
}

TEST_F(GlobalPropagator, AReplacedOneStaysUsableForThoseWhoHoldIt) {
  set_propagator(trace_context_propagator());
  const TextMapPropagator& held = sdk::propagator();
  set_propagator(nullptr);
  EXPECT_TRUE(testing::extracted(held, kHeaders).span_context().is_valid());
}

// Decision 0003: nothing that users throw passes through.
TEST_F(GlobalPropagator, WhatAPropagatorThrowsEndsWhereItIsCalled) {
  class Throws final : public TextMapPropagator {
    void inject(const Context&, TextMapSetter&) const override { throw 1; }
    Context extract(const Context&, const TextMapGetter&) const override { throw 1; }
    std::vector<std::string> fields() const override { throw 1; }
  };
  const testing::SaidLines said;
  const auto created = TracerProvider::create({});  // without an SDK the two do nothing
  set_propagator(trace_context_propagator());
  testing::MapCarrier carrier(kHeaders);
  const Context context = extract(carrier);
  ASSERT_TRUE(context.span_context().is_valid());
  set_propagator(std::make_shared<Throws>());
  inject(carrier, context);
  EXPECT_EQ(extract(carrier, context).span_context(), context.span_context());
  EXPECT_TRUE(sdk::guarded_propagator().fields().empty());
  EXPECT_EQ(said.all().size(), 3U);
}

TEST_F(GlobalPropagator, MayBeReplacedWhileOtherThreadsUseIt) {
  const PropagatorPtr one = trace_context_propagator(), other = b3_propagator();
  std::thread user([] {
    for (int i = 0; i < 2000; ++i)
      testing::injected(sdk::propagator(), testing::extracted(sdk::propagator(), kHeaders));
  });
  for (int i = 0; i < 2000; ++i) set_propagator(i % 2 == 0 ? one : other);
  user.join();
}

}  // namespace
}  // namespace nanospan

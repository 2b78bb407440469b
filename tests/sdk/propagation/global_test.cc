// context/api-propagators.md "Global Propagators".
#include "sdk/propagation/global.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/map_carrier.h"

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

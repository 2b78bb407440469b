// context/api-propagators.md "Composite Propagator".
#include <gtest/gtest.h>
#include <nanospan/baggage.h>

#include "tests/support/map_carrier.h"

namespace nanospan {
namespace {

using testing::Headers;

const std::string kTraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const std::string kB3 = "0af7651916cd43dd8448eb211c80319c-00000000000000b3-1";

TEST(CompositePropagator, InjectsAndExtractsWithAllParts) {
  const PropagatorPtr both = composite_propagator({trace_context_propagator(), baggage_propagator()});
  const Context context = testing::extracted(*both, {{"traceparent", kTraceParent}, {"baggage", "a=1"}});
  EXPECT_TRUE(context.span_context().is_valid());
  EXPECT_EQ(Baggage::from(context).size(), 1U);
  EXPECT_EQ(testing::injected(*both, context), (Headers{{"traceparent", kTraceParent}, {"baggage", "a=1"}}));
}

TEST(CompositePropagator, PartsAreInvokedInTheOrderInWhichTheyWereGiven) {
  const Headers headers = {{"traceparent", kTraceParent}, {"b3", kB3}};
  const auto span_of = [&](std::vector<PropagatorPtr> parts) {
    return testing::extracted(*composite_propagator(std::move(parts)), headers).span_context().span_id().to_hex();
  };
  EXPECT_EQ(span_of({trace_context_propagator(), b3_propagator()}), "00000000000000b3");
  EXPECT_EQ(span_of({b3_propagator(), trace_context_propagator()}), "b7ad6b7169203331");
}

TEST(CompositePropagator, APartThatFindsNothingLeavesWhatEarlierOnesFound) {
  const PropagatorPtr both = composite_propagator({trace_context_propagator(), b3_propagator()});
  EXPECT_EQ(testing::extracted(*both, {{"traceparent", kTraceParent}}).span_context().span_id().to_hex(),
            "b7ad6b7169203331");
}

TEST(CompositePropagator, FieldsAreThoseOfAllPartsOnce) {
  const PropagatorPtr all = composite_propagator(
      {trace_context_propagator(), baggage_propagator(), composite_propagator({trace_context_propagator()})});
  EXPECT_EQ(all->fields(), (std::vector<std::string>{"traceparent", "tracestate", "baggage"}));
}

TEST(CompositePropagator, EmptyAndNullPartsDoNothing) {
  const PropagatorPtr none = composite_propagator({nullptr, nullptr});
  EXPECT_FALSE(testing::extracted(*none, {{"traceparent", kTraceParent}}).span_context().is_valid());
  EXPECT_TRUE(testing::injected(*none, Context::root()).empty());
}

// api-propagators.md "Keys": formats like uberctx-<name> have no fixed keys.
class PrefixPropagator final : public TextMapPropagator {
 public:
  void inject(const Context&, TextMapSetter&) const override {}
  Context extract(const Context& context, const TextMapGetter& carrier) const override {
    Baggage baggage = Baggage::from(context);
    for (const std::string& key : carrier.keys()) {
      if (key.starts_with("uberctx-")) baggage = baggage.set(key.substr(8), carrier.get(key));
    }
    return baggage.in(context);
  }
  std::vector<std::string> fields() const override { return {}; }
};

TEST(CompositePropagator, AUsersPropagatorMayAskTheGetterForItsKeys) {
  const PropagatorPtr both = composite_propagator({trace_context_propagator(), std::make_shared<PrefixPropagator>()});
  const Context context = testing::extracted(*both, {{"traceparent", kTraceParent}, {"uberctx-a", "1"}});
  EXPECT_TRUE(context.span_context().is_valid());
  EXPECT_EQ(*Baggage::from(context).get("a"), "1");
}

}  // namespace
}  // namespace nanospan

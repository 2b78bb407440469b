// context/env-carriers.md (C19).
#include <nanospan/environment_carrier.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nanospan/baggage.h>
#include <nanospan/tracer_provider.h>

#include <array>

namespace nanospan {
namespace {

using ::testing::ElementsAre;

TEST(EnvironmentCarriers, NamesAreNormalised) {
  EXPECT_EQ(environment_name("traceparent"), "TRACEPARENT");
  EXPECT_EQ(environment_name("x-b3-traceid"), "X_B3_TRACEID");
  EXPECT_EQ(environment_name("2nd.key"), "_2ND_KEY");
  EXPECT_EQ(environment_name("A_1"), "A_1");
}

TEST(EnvironmentCarriers, GetIsByTheNormalisedNameAndKeysAreThoseOnly) {
  const std::array<const char*, 6> environment = {
      "TRACEPARENT=00-a=b", "traceparent=not seen", "2X=not seen", "EMPTY=", "malformed", nullptr};
  const EnvironmentGetter getter(environment.data());
  EXPECT_EQ(getter.get("traceparent"), "00-a=b");
  EXPECT_EQ(getter.get("TraceParent"), "00-a=b");
  EXPECT_NE(getter.get("empty").data(), nullptr) << "there, and empty";
  EXPECT_EQ(getter.get("tracestate").data(), nullptr);
  EXPECT_THAT(getter.keys(), ElementsAre("TRACEPARENT", "EMPTY"));
  EXPECT_THAT(EnvironmentGetter(nullptr).keys(), ElementsAre());
}

TEST(EnvironmentCarriers, SetReplacesAndLeavesTheRestOfTheBase) {
  const std::array<const char*, 3> base = {"PATH=/bin", "KEY=old", nullptr};
  EnvironmentSetter setter(base.data());
  setter.set("key", "new");
  setter.set("", "no name");
  setter.set("zero", std::string_view("a\0b", 3));
  EXPECT_THAT(setter.variables(), ElementsAre("PATH=/bin", "KEY=new"));
  char* const* const envp = setter.envp();
  EXPECT_STREQ(envp[1], "KEY=new");
  EXPECT_EQ(envp[2], nullptr);
}

TEST(EnvironmentCarriers, AContextGoesToAChildAndNothingOfTheGrandparentWithIt) {
  const auto sdk = TracerProvider::create({});
  set_propagator(composite_propagator({trace_context_propagator(), baggage_propagator()}));
  const std::array<const char*, 4> inherited = {"TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                                "TRACESTATE=vendor=1", "BAGGAGE=user=ann", nullptr};
  const Context parent = extract(EnvironmentGetter(inherited.data()));
  EXPECT_TRUE(parent.span_context().is_remote());
  EXPECT_EQ(parent.span_context().trace_state().header(), "vendor=1");
  EXPECT_EQ(Baggage::from(parent).entries().size(), 1U);

  const SpanContext own(TraceId::from_hex("0af7651916cd43dd8448eb211c80319c"), SpanId::from_hex("b7ad6b7169203331"),
                        TraceFlags::kSampled, false);
  EnvironmentSetter child(inherited.data());
  inject(child, Context::root().with_span_context(own));
  EXPECT_THAT(child.variables(), ElementsAre("TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_EQ(extract(EnvironmentGetter(child.envp())).span_context().span_id(), own.span_id());
  set_propagator(nullptr);
}

}  // namespace
}  // namespace nanospan

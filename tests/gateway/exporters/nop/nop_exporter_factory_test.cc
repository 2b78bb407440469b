// The nop exporter: accepts, knows no keys, and keeps nothing.
#include "gateway/exporters/nop/nop_exporter_factory.h"

#include <gtest/gtest.h>

#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"
#include "tests/gateway/sample_traces.h"

namespace nanospan::gateway {
namespace {

TEST(NopExporter, AcceptsAndLetsGo) {
  testing::FakeHost host;
  testing::ConfigText text("{}");
  const auto exporter = nop_exporter_factory().read({"nop", ""}, text.reader)(host, Signal::kTraces).value();
  const BatchRef batch = testing::sample_batch(3);
  std::vector<Outcome> outcomes;
  exporter->consume(batch, [&outcomes](Outcome outcome) { outcomes.push_back(std::move(outcome)); });
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].kind, Outcome::Kind::kAccepted);
  EXPECT_EQ(batch.use_count(), 1);
  EXPECT_EQ(exporter->room_for(*batch), Room::kYes);
}

}  // namespace
}  // namespace nanospan::gateway

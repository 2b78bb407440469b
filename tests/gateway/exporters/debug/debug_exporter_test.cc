// The `debug` exporter's keys and making.
#include <gtest/gtest.h>

#include "gateway/exporters/debug/debug_exporter_config.h"
#include "gateway/exporters/debug/debug_exporter_factory.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/test_host.h"

namespace nanospan::gateway {
namespace {

TEST(DebugExporter, Keys) {
  testing::ConfigText text(
      "verbosity: detailed\nsampling_initial: 5\nsampling_thereafter: 0\nuse_internal_logger: false");
  const DebugExporterConfig config = read_debug_exporter_config(text.reader);
  EXPECT_EQ(text.errors(), "");
  EXPECT_EQ(config.verbosity, Verbosity::kDetailed);
  EXPECT_EQ(config.sampling_initial, 5u);
  EXPECT_EQ(config.sampling_thereafter, 0u);
  testing::ConfigText old("loglevel: debug");
  read_debug_exporter_config(old.reader);
  EXPECT_EQ(old.errors(),
            "f.yaml:1: it.loglevel: not supported by this build; it was replaced: write verbosity: basic, normal or "
            "detailed\n");
}

TEST(DebugExporter, IsMade) {
  testing::TestHost host;
  testing::ConfigText text("{}");
  const auto exporter = debug_exporter_factory().read({"debug", "x"}, text.reader)(host, Signal::kTraces);
  host.stop();
  ASSERT_TRUE(exporter.ok());
  EXPECT_EQ((*exporter)->describe(), "standard error");
}

}  // namespace
}  // namespace nanospan::gateway

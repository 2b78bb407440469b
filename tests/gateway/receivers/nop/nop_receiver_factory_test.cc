// The nop receiver starts, drains and feeds nobody.
#include "gateway/receivers/nop/nop_receiver_factory.h"

#include <gtest/gtest.h>

#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"

namespace nanospan::gateway {
namespace {

TEST(NopReceiver, ReceivesNothing) {
  testing::FakeHost host;
  testing::FakeNext next;
  testing::ConfigText text("{}");
  const auto receiver = nop_receiver_factory().read({"nop", ""}, text.reader)(host, next).value();
  EXPECT_TRUE(receiver->start().ok());
  bool drained = false;
  receiver->drain(base::Deadline::never(), [&drained] { drained = true; });
  EXPECT_TRUE(drained);
  EXPECT_TRUE(next.seen.empty());
}

}  // namespace
}  // namespace nanospan::gateway

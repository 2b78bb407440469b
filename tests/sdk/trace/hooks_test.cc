#include "sdk/trace/hooks.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace nanospan::sdk {
namespace {

// Tells when it is destroyed.
class Processor final : public SpanProcessor {
 public:
  explicit Processor(bool& gone) : gone_(gone) {}
  ~Processor() override { gone_ = true; }

 private:
  bool& gone_;
};

void fill(HookSlot& slot, bool& gone) {
  auto hooks = std::make_unique<Hooks>();
  hooks->processors.push_back(std::make_shared<Processor>(gone));
  slot.set(std::move(hooks));
}

TEST(HookSlot, RetiringDestroysAtOnceWhatNobodyUses) {
  HookSlot slot;
  bool gone = false;
  fill(slot, gone);
  EXPECT_TRUE(PinnedHooks(&slot));
  EXPECT_FALSE(gone);
  slot.retire();
  EXPECT_TRUE(gone);
  EXPECT_FALSE(PinnedHooks(&slot));
}

TEST(HookSlot, ASpanInTheMiddleKeepsTheHooksAliveAndTheLastOneDestroysThem) {
  HookSlot slot;
  bool gone = false;
  fill(slot, gone);
  {
    const PinnedHooks outer(&slot);
    {
      const PinnedHooks inner(&slot);
      slot.retire();
      EXPECT_FALSE(PinnedHooks(&slot)) << "spans that start now find none";
    }
    EXPECT_EQ((*outer).processors.size(), 1U);
    EXPECT_FALSE(gone);
  }
  EXPECT_TRUE(gone);
}

TEST(HookSlot, ManySpansAndOneShutdown) {
  for (int round = 0; round < 200; ++round) {
    HookSlot slot;
    bool gone = false;
    fill(slot, gone);
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        for (;;) {
          const PinnedHooks hooks(&slot);
          if (!hooks) return;
          ASSERT_EQ((*hooks).processors.size(), 1U);
        }
      });
    }
    slot.retire();
    for (auto& thread : threads) thread.join();
    EXPECT_TRUE(gone);
  }
}

TEST(PinnedHooks, OfNoSlotAreNone) { EXPECT_FALSE(PinnedHooks(nullptr)); }

}  // namespace
}  // namespace nanospan::sdk

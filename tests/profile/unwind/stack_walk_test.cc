#include "profile/unwind/stack_walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "tests/profile/unwind/oracle.h"
#include "tests/support/server_workload.h"

#if defined(__x86_64__)
// As crtstuff's __do_global_dtors_aux: a frame pointer, no locals, no unwind information. Far from its neighbours: what
// is near a function is taken for its padding.
asm(R"(
  .pushsection .text
  .skip 128, 0x90
  .type nanospan_test_calls_in_frame, @function
nanospan_test_calls_in_frame:
  push %rbp
  mov %rsp, %rbp
  call *%rdi
  pop %rbp
  ret
  .size nanospan_test_calls_in_frame, . - nanospan_test_calls_in_frame
  .skip 128, 0x90
  .popsection
)");
extern "C" [[gnu::visibility("hidden")]] void nanospan_test_calls_in_frame(void (*called)());
#endif

namespace nanospan::profile {
namespace {

using testing::Judgement;
using testing::Oracle;

#if defined(__x86_64__)
TEST(StackWalk, GoesThroughAFunctionThatHasAFramePointerAlone) {
  static Walk walk;
  static std::array<std::uint64_t, 128> pcs;
  nanospan_test_calls_in_frame([] {
    LoadedCode loaded;
    loaded.refresh();
    walk = walk_stack(*loaded.map(), Registers::here(), pcs.data(), 0, pcs.size() - 1, pcs.size(), nullptr);
  });
  EXPECT_EQ(walk.end, WalkEnd::kRoot);
  const auto begin = reinterpret_cast<std::uint64_t>(&nanospan_test_calls_in_frame);
  EXPECT_EQ(std::count_if(pcs.begin(), pcs.begin() + static_cast<std::ptrdiff_t>(walk.frames),
                          [&](std::uint64_t pc) { return pc > begin && pc < begin + 16; }),
            1);
}
#endif

TEST(StackWalk, EqualsLibgccOnAServersMixToTheRoot) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer calls handlers from its own, of which libgcc sees more than we do";
#endif
  LoadedCode loaded;
  testing::work_round(1);  // binds what is bound lazily
  loaded.refresh();
  Oracle oracle(*loaded.map());
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> sum{0};
  std::thread worker([&] {
    for (std::uint64_t seed = 1; !stop; ++seed) sum += testing::work_round(seed);
  });
  // Signals that follow each other meet the thread in one place where it has not run in between: before its first
  // round, the birth of a thread would be many samples of a mix of which it is no part.
  while (sum == 0) std::this_thread::yield();
  for (int i = 0; i < 12'000; ++i) oracle.interrupt(worker.native_handle());
  stop = true;
  worker.join();
  const Judgement judgement = oracle.judgement();
  RecordProperty("samples", static_cast<int>(judgement.samples));
  RecordProperty("judged", static_cast<int>(judgement.judged));
  RecordProperty("to_root", static_cast<int>(judgement.to_root));
  RecordProperty("identical", static_cast<int>(judgement.identical));
  EXPECT_GE(judgement.samples, 10'000u);
  EXPECT_GE(judgement.to_root * 1000, judgement.samples * 999);
  EXPECT_GE(judgement.judged, 10'000u);
  EXPECT_GE((judgement.judged + judgement.in_stubs) * 1000, judgement.samples * 999) << "libgcc knows all but stubs";
  EXPECT_GE(judgement.identical * 1000, judgement.judged * 999)
      << judgement.identical << " of " << judgement.judged << "\n"
      << judgement.first_difference;
}

}  // namespace
}  // namespace nanospan::profile

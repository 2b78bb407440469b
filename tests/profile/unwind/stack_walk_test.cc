#include "profile/unwind/stack_walk.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/profile/unwind/oracle.h"
#include "tests/support/server_workload.h"

namespace nanospan::profile {
namespace {

using testing::Judgement;
using testing::Oracle;

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
  EXPECT_GE(judgement.judged * 100, judgement.samples * 98) << "libgcc knows all but stubs";
  EXPECT_GE(judgement.identical * 1000, judgement.judged * 999)
      << judgement.identical << " of " << judgement.judged << "\n"
      << judgement.first_difference;
}

}  // namespace
}  // namespace nanospan::profile

// Without the operators: what the rest of the program sees. With them: ../heap.cc.
#include "profile/heap/heap_sampler.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>

#include "profile/heap/countdown.h"
#include "profile/heap/operators.h"
#include "profile/unwind/loaded_code.h"

#pragma weak nanospan_heap_operators_r1

namespace nanospan::profile {
namespace {

TEST(HeapSampler, IsOffWhereTheOperatorsAreNotLinked) {
  EXPECT_EQ(&nanospan_heap_operators_r1, nullptr);
  EXPECT_FALSE(heap_sampler::is_linked());
  const std::uint64_t before = heap_sampler::snapshot().samples;
  heap_sampler::set_interval(1);
  static_cast<void>(std::make_unique<std::string>(1000, 'x'));
  heap_sampler::set_interval(0);
  EXPECT_EQ(heap_sampler::snapshot().samples, before) << "plain operators take no samples";
}

TEST(HeapSampler, SwitchedOffItGivesPlainMemoryAndLooksAgainLater) {
  heap_sampler::set_interval(0);
  heap_bytes_left = -1;
  void* const memory = heap_allocate_slowly(100, 1);
  ASSERT_NE(memory, nullptr);
  EXPECT_GT(heap_bytes_left, 0);
  std::free(memory);
  void* const aligned = heap_allocate_slowly(100, 256);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(aligned) % 256, 0u);
  std::free(aligned);
}

TEST(HeapSampler, SampledObjectsBeginAPageAndAreForgotten) {
  heap_sampler::set_interval(1);
  heap_sampler::set_code(std::make_shared<const CodeMap>(std::vector<ModulePtr>{}));
  std::free(heap_allocate_slowly(1, 1));  // begins the thread's countdown
  void* const object = heap_allocate_slowly(1000, 1);
  EXPECT_TRUE(may_be_sampled(object));
  const auto in_use = [] {
    std::int64_t bytes = 0;
    heap_sampler::snapshot().window.for_each(
        [&](std::uint32_t, std::uint32_t, const WindowValues& values) { bytes += values[kInuseBytes]; });
    return bytes;
  };
  EXPECT_EQ(in_use(), 1000);
  heap_forget(object);
  std::free(object);
  EXPECT_EQ(in_use(), 0);
  heap_forget(nullptr);
  alignas(4096) static char other[1];
  heap_forget(other);
  heap_sampler::set_interval(0);
}

TEST(HeapSampler, LeavesErrnoAlone) {
  LoadedCode code;
  code.refresh();
  heap_sampler::set_interval(1);
  heap_sampler::set_code(code.map());
  std::free(heap_allocate_slowly(1, 1));  // begins the thread's countdown
  const std::uint64_t before = heap_sampler::snapshot().samples;
  errno = 4711;
  void* const object = heap_allocate_slowly(1000, 1);
  EXPECT_EQ(errno, 4711) << "a sampled operator new";
  heap_forget(object);
  EXPECT_EQ(errno, 4711) << "its operator delete";
  std::free(object);
  heap_sampler::set_interval(0);
  EXPECT_EQ(heap_sampler::snapshot().samples, before + 1);
}

}  // namespace
}  // namespace nanospan::profile

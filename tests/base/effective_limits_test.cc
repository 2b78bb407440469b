// Machines and containers as folders: each test writes the /proc and /sys that a process would see there.
#include "base/effective_limits.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_folder.h"

namespace nanospan::base {
namespace {

class EffectiveLimitsTest : public ::testing::Test {
 protected:
  void file(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  EffectiveLimits limits() { return effective_limits({8ULL << 30, 8}, root_); }

  testing::TemporaryFolder folder_;
  const std::string root_ = folder_.path().string();
};

constexpr const char* kMountV2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST_F(EffectiveLimitsTest, WithoutCgroupsTheMachineAndTheMask) {
  EXPECT_EQ(limits().memory_bytes, 8ULL << 30);
  EXPECT_EQ(limits().memory_reason, "the machine");
  EXPECT_EQ(limits().cpus, 8u);
  EXPECT_EQ(limits().cpu_reason, "the affinity mask");
}

TEST_F(EffectiveLimitsTest, Version2TakesTheLeastOfAllAncestors) {
  file("/proc/self/cgroup", "0::/kubepods/pod1/ab\n");
  file("/proc/self/mountinfo", kMountV2);
  file("/sys/fs/cgroup/kubepods/pod1/ab/memory.max", "max\n");
  file("/sys/fs/cgroup/kubepods/pod1/memory.max", "536870912\n");
  file("/sys/fs/cgroup/kubepods/memory.max", "1073741824\n");
  file("/sys/fs/cgroup/kubepods/pod1/ab/cpu.max", "max 100000\n");
  file("/sys/fs/cgroup/kubepods/cpu.max", "150000 100000\n");
  EXPECT_EQ(limits().memory_bytes, 512u << 20);
  EXPECT_EQ(limits().memory_reason, "/sys/fs/cgroup/kubepods/pod1/memory.max");
  EXPECT_EQ(limits().memory_group, "/sys/fs/cgroup/kubepods/pod1");
  EXPECT_EQ(limits().cpus, 2u);
  EXPECT_EQ(limits().cpu_reason, "/sys/fs/cgroup/kubepods/cpu.max allows 1.5");
}

TEST_F(EffectiveLimitsTest, WhatTheGroupUsesWithoutItsCacheOfFiles) {
  const auto in_use = [&](const std::string& group) {
    EffectiveLimits limits;
    limits.memory_group = group;
    return group_memory_in_use(limits, root_);
  };
  EXPECT_EQ(in_use(""), 0u) << "no group";
  file("/v2/memory.current", "100000\n");
  file("/v2/memory.stat", "anon 60000\nfile 35000\nshmem 5000\ninactive_file 10000\nactive_file 20000\nslab 4000\n");
  EXPECT_EQ(in_use("/v2"), 70000u);
  file("/v1/memory.usage_in_bytes", "100000\n");
  file("/v1/memory.stat", "inactive_file 1\nactive_file 2\ntotal_inactive_file 10000\ntotal_active_file 5000\n");
  EXPECT_EQ(in_use("/v1"), 85000u);
  file("/v1/memory.usage_in_bytes", "9000\n");
  EXPECT_EQ(in_use("/v1"), 0u) << "read at another moment";
  EXPECT_EQ(in_use("/nowhere"), 0u);
}

TEST_F(EffectiveLimitsTest, ANamespaceShowsItsOwnGroupAsTheRoot) {
  file("/proc/self/cgroup", "0::/\n");
  file("/proc/self/mountinfo", kMountV2);
  file("/sys/fs/cgroup/memory.max", "268435456\n");
  file("/sys/fs/cgroup/cpu.max", "20000 100000\n");
  EXPECT_EQ(limits().memory_bytes, 256u << 20);
  EXPECT_EQ(limits().cpus, 1u);
}

TEST_F(EffectiveLimitsTest, Version1WithTheContainerMountedAsTheRoot) {
  file("/proc/self/cgroup", "12:memory:/docker/ab\n4:cpu,cpuacct:/docker/ab\n");
  file("/proc/self/mountinfo",
       "36 30 0:31 /docker/ab /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
       "37 30 0:32 /docker/ab /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n");
  file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "134217728\n");
  file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "300000\n");
  file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(limits().memory_bytes, 128u << 20);
  EXPECT_EQ(limits().cpus, 3u);
}

TEST_F(EffectiveLimitsTest, Version1WithoutLimits) {
  file("/proc/self/cgroup", "12:memory:/user\n4:cpu,cpuacct:/user\n");
  file("/proc/self/mountinfo",
       "36 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
       "37 30 0:32 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n");
  file("/sys/fs/cgroup/memory/user/memory.limit_in_bytes", "9223372036854771712\n");
  file("/sys/fs/cgroup/cpu/user/cpu.cfs_quota_us", "-1\n");
  file("/sys/fs/cgroup/cpu/user/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(limits().memory_bytes, 8ULL << 30);
  EXPECT_EQ(limits().cpus, 8u);
}

TEST_F(EffectiveLimitsTest, HybridTakesBothIntoAccount) {
  file("/proc/self/cgroup", "4:memory:/a\n0::/b\n");
  file("/proc/self/mountinfo",
       "36 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
       "37 30 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  file("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1048576\n");
  file("/sys/fs/cgroup/unified/b/cpu.max", "50000 100000\n");
  EXPECT_EQ(limits().memory_bytes, 1u << 20);
  EXPECT_EQ(limits().cpus, 1u);
}

TEST_F(EffectiveLimitsTest, StrangeFilesAreNoLimit) {
  file("/proc/self/cgroup", "\n:\n0::/../../x\ngarbage\n");
  file("/proc/self/mountinfo", std::string("short\n1 2 3 / - cgroup2\n") + kMountV2);
  file("/sys/fs/cgroup/memory.max", "lots\n");
  file("/sys/fs/cgroup/cpu.max", "\n");
  EXPECT_EQ(limits().memory_bytes, 8ULL << 30);
  EXPECT_EQ(limits().cpus, 8u);
}

TEST(MachineLimits, ThisMachineHasSome) {
  EXPECT_GT(machine_limits().memory_bytes, 1u << 20);
  EXPECT_GE(machine_limits().cpus_in_mask, 1u);
}

}  // namespace
}  // namespace nanospan::base

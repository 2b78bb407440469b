// Lines of this very file, as its compiler wrote them.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "profile/symbol/source_lines.h"
#include "profile/unwind/loaded_code.h"

namespace nanospan::profile {
namespace {

ModuleIdentity identity_of(std::uint64_t pc) {
  LoadedCode code;
  code.refresh();
  const Module& module = *code.map()->modules()[code.map()->find(pc)->index];
  return {module.path, module.build_id, module.base, module.begin, module.end, module.offset};
}

constexpr std::int64_t kInnerLine = __LINE__ + 3;
[[gnu::always_inline]] inline std::uint64_t known_inlined() {
  std::uint64_t here = 0;
  asm volatile("lea -1(%%rip), %0" : "=r"(here));  // the instruction's own last byte
  return here;
}

constexpr std::int64_t kMiddleLine = __LINE__ + 2;
[[gnu::always_inline]] inline std::uint64_t known_between() {
  const std::uint64_t here = known_inlined();
  asm volatile("");
  return here;
}

constexpr std::int64_t kOuterLine = __LINE__ + 2;
[[gnu::noinline]] std::uint64_t known_outer() {
  const std::uint64_t here = known_between();
  asm volatile("");
  return here;
}

std::vector<ProfileLine> lines_of(const ModuleIdentity& module, std::uint64_t pc) {
  return make_source_lines()->at(module, pc - module.base);
}

TEST(SourceLines, InlinedFunctionsComeFromTheInsideOut) {
  if (!has_source_lines()) GTEST_SKIP() << "this build has no libdw";
  const std::uint64_t pc = known_outer();
  const std::vector<ProfileLine> lines = lines_of(identity_of(pc), pc);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_NE(lines[0].function.find("known_inlined"), std::string::npos) << lines[0].function;
  EXPECT_NE(lines[1].function.find("known_between"), std::string::npos) << lines[1].function;
  EXPECT_EQ(lines[2].function, "") << "the symbol table's";
  EXPECT_EQ(lines[0].line, kInnerLine);
  EXPECT_EQ(lines[1].line, kMiddleLine);
  EXPECT_EQ(lines[2].line, kOuterLine);
  for (const ProfileLine& line : lines) {
    EXPECT_TRUE(line.file.ends_with("/tests/profile/lines/dwarf_file_test.cc")) << line.file;
    EXPECT_EQ(line.file.find(".."), std::string::npos) << line.file;
  }
}

TEST(SourceLines, WhatHasNoDebugInformationHasNoLines) {
  if (!has_source_lines()) GTEST_SKIP() << "this build has no libdw";
  const std::uint64_t pc = known_outer();
  ModuleIdentity other = identity_of(pc);
  EXPECT_TRUE(lines_of(other, other.base + 1).empty()) << "no code";
  other.build_id = "00112233";
  EXPECT_TRUE(lines_of(other, pc).empty()) << "another build of the same file has other addresses";
  other = {};
  other.path = "/nowhere/libgone.so";
  EXPECT_TRUE(lines_of(other, 0x1234).empty());
  other.path = "/etc/passwd";
  EXPECT_TRUE(lines_of(other, 0x1234).empty());
}

}  // namespace
}  // namespace nanospan::profile

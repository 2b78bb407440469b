#include "profile/symbol/symbolizer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "profile/symbol/elf_symbols.h"
#include "profile/unwind/build_id.h"
#include "profile/unwind/loaded_code.h"

namespace nanospan::profile {
namespace {

[[gnu::noinline]] int function_with_a_name(int x) {
  asm volatile("");
  return x + 1;
}

ModuleIdentity identity_of(std::uint64_t pc) {
  LoadedCode code;
  code.refresh();
  const Module& module = *code.map()->modules()[code.map()->find(pc)->index];
  return {module.path, module.build_id, module.base, module.begin, module.end, module.offset};
}

TEST(Symbolizer, NamesOurOwnFunctionsDemangled) {
  const auto pc = reinterpret_cast<std::uint64_t>(&function_with_a_name);
  const ModuleIdentity program = identity_of(pc);
  Symbolizer symbolizer;
  const std::string name = symbolizer.function_at(program, pc - program.base);
  EXPECT_NE(name.find("function_with_a_name(int)"), std::string::npos) << name;
  EXPECT_EQ(symbolizer.function_at(program, pc - program.base + 1), name);
  symbolizer.release();
  EXPECT_EQ(symbolizer.function_at(program, pc - program.base), name);
  EXPECT_EQ(symbolizer.cached(), 2u);
}

TEST(Symbolizer, NamesLibrariesByTheirDynamicSymbols) {
  const auto pc = reinterpret_cast<std::uint64_t>(&std::qsort);
  const ModuleIdentity libc = identity_of(pc);
  Symbolizer symbolizer;
  EXPECT_NE(symbolizer.function_at(libc, pc - libc.base).find("qsort"), std::string::npos);
}

TEST(Symbolizer, SaysWhereItIsWhenThereIsNoName) {
  Symbolizer symbolizer;
  ModuleIdentity gone;
  gone.path = "/nowhere/libgone.so";
  EXPECT_EQ(symbolizer.function_at(gone, 0x1234), "libgone.so+0x1234");
  const auto pc = reinterpret_cast<std::uint64_t>(&function_with_a_name);
  ModuleIdentity replaced = identity_of(pc);
  replaced.build_id = "00112233";
  EXPECT_NE(symbolizer.function_at(replaced, pc - replaced.base).find("+0x"), std::string::npos)
      << "another build of the same file has other addresses";
}

TEST(Symbolizer, ReadsTheVdsoFromMemory) {
  LoadedCode code;
  code.refresh();
  Symbolizer symbolizer;
  bool named = false;
  for (const ModulePtr& module : code.map()->modules()) {
    if (!module->path.starts_with("linux-vdso")) continue;
    const ModuleIdentity vdso{module->path, module->build_id, module->base, module->begin, module->end, module->offset};
    for (const std::uint32_t pc : module->table.pcs()) {
      named = named || symbolizer.function_at(vdso, pc).find("clock_gettime") != std::string::npos;
    }
  }
  EXPECT_TRUE(named);
}

TEST(ElfSymbols, RefusesWhatIsNoElf) {
  EXPECT_FALSE(ElfSymbols::read("").ok());
  EXPECT_FALSE(ElfSymbols::read(std::string(100, 'x')).ok());
  EXPECT_FALSE(ElfSymbols::read_file("/proc/self/nothing", "").ok());
  EXPECT_FALSE(ElfSymbols::read_file("/", "").ok());
}

TEST(BuildId, IsFoundAmongOtherNotes) {
  using namespace std::string_literals;
  const std::string other = "\x04\0\0\0\x04\0\0\0\x01\0\0\0GNU\0abcd"s;
  const std::string id = "\x04\0\0\0\x03\0\0\0\x03\0\0\0GNU\0\xAB\xCD\xEF\0"s;
  EXPECT_EQ(build_id_in(other + id), "abcdef");
  EXPECT_EQ(build_id_in(other), "");
  EXPECT_EQ(build_id_in(id.substr(0, 14)), "");
  EXPECT_EQ(build_id_in("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x03\0\0\0GNU\0"s), "");
}

TEST(Demangled, LeavesOthersAsTheyAre) {
  EXPECT_EQ(demangled("_ZN3foo3barEv"), "foo::bar()");
  EXPECT_EQ(demangled("main"), "main");
  EXPECT_EQ(demangled("\xFF"), "\xEF\xBF\xBD");
  EXPECT_LT(demangled(std::string(5000, 'a')).size(), 1100u);
}

}  // namespace
}  // namespace nanospan::profile

#include "profile/unwind/loaded_code.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "profile/unwind/code_map.h"
#include "profile/unwind/eh_frame.h"

namespace nanospan::profile {
namespace {

std::uint64_t address_of(void (*function)()) { return reinterpret_cast<std::uint64_t>(function); }
[[gnu::noinline]] void here() { asm volatile(""); }

const Module* module_named(const CodeMap& map, std::string_view part) {
  for (const ModulePtr& module : map.modules()) {
    if (module->path.find(part) != std::string::npos) return module.get();
  }
  return nullptr;
}

TEST(LoadedCode, KnowsTheProgramAndItsLibraries) {
  LoadedCode code;
  EXPECT_TRUE(code.refresh());
  EXPECT_FALSE(code.refresh());
  const CodeMap& map = *code.map();
  const CodeMap::Range* range = map.find(address_of(&here));
  ASSERT_NE(range, nullptr);
  const Module& program = *map.modules()[range->index];
  EXPECT_NE(program.path.find("nanospan_profile_test"), std::string::npos);
  EXPECT_FALSE(program.table.pcs().empty());
  const UnwindRow* row = CodeMap::find_row(*range, address_of(&here));
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->cfa_rule(), CfaRule::kSp);
  EXPECT_EQ(row->cfa_offset(), 8);

  const Module* libc = module_named(map, "libc.so.6");
  ASSERT_NE(libc, nullptr);
  EXPECT_EQ(libc->build_id.size(), 40u);
  EXPECT_NE(module_named(map, "linux-vdso"), nullptr);
  EXPECT_EQ(map.find(16), nullptr);
  EXPECT_EQ(map.find(~std::uint64_t{0}), nullptr);
}

TEST(LoadedCode, RowsAreSortedAndTheTablesAreSmall) {
  LoadedCode code;
  code.refresh();
  for (const ModulePtr& module : code.map()->modules()) {
    const std::vector<std::uint32_t> pcs = module->table.pcs();
    EXPECT_TRUE(std::is_sorted(pcs.begin(), pcs.end())) << module->path;
    EXPECT_LE(module->table.bytes(), pcs.size() * 4 + (module->end - module->base) / 256 + 4096)
        << module->path << ": rules recur";
  }
  RecordProperty("table_bytes", static_cast<int>(code.map()->table_bytes()));
}

TEST(LoadedCode, FollowsDlopenAndDlclose) {
  LoadedCode code;
  code.refresh();
  const ModulePtr libc_before = code.map()->modules()[0];
  void* library = dlopen("libnss_files.so.2", RTLD_NOW);
  if (library == nullptr) library = dlopen("libutil.so.1", RTLD_NOW);
  ASSERT_NE(library, nullptr);
  EXPECT_TRUE(code.refresh());
  const std::size_t with = code.map()->modules().size();
  EXPECT_TRUE(std::count(code.map()->modules().begin(), code.map()->modules().end(), libc_before) == 1)
      << "what stays is not read again";
  dlclose(library);
  EXPECT_TRUE(code.refresh());
  EXPECT_LT(code.map()->modules().size(), with);
}

TEST(EhFrame, RefusesHeadersThatNoLinkerWrites) {
  EXPECT_FALSE(unwind_rows({"", 0}, {"", 0}, {}, 0).ok());
  EXPECT_FALSE(unwind_rows({std::string_view("\x02\x1B\x03\x3B\0\0\0\0\0\0\0\0", 12), 0}, {"", 0}, {}, 0).ok());
  EXPECT_FALSE(unwind_rows({std::string_view("\x01\x1B\x03\x1B\0\0\0\0\0\0\0\0", 12), 0}, {"", 0}, {}, 0).ok());
  // A count that the table does not hold, and an entry that leads nowhere.
  const auto rows = unwind_rows(
      {std::string_view("\x01\x1B\x03\x3B\0\0\0\0\xFF\xFF\xFF\xFF\x01\0\0\0\x02\0\0\0", 20), 0}, {"", 0}, {}, 0);
  ASSERT_TRUE(rows.ok());
  EXPECT_TRUE(rows->empty());
}

}  // namespace
}  // namespace nanospan::profile

// A library of its own (nanospan::profile_lines), which needs libdw.
#include "profile/lines/dwarf_file.h"

#include <dwarf.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "profile/symbol/source_lines.h"
#include "profile/symbol/symbolizer.h"
#include "wire/json_text.h"

namespace nanospan::profile {
namespace {

constexpr int kScopesMax = 64;  // nested namespaces; nested inlining
constexpr std::size_t kInlinedMax = 128;

bool has_build_id(Dwarf* dwarf, std::string_view wanted) {
  const void* id = nullptr;
  const ssize_t size = dwelf_elf_gnu_build_id(dwarf_getelf(dwarf), &id);
  std::string text;
  if (size > 0) wire::append_hex({static_cast<const char*>(id), static_cast<std::size_t>(size)}, text);
  return text == wanted;
}

const char* string_of(Dwarf_Die& die, unsigned attribute) {
  Dwarf_Attribute found;
  return dwarf_formstring(dwarf_attr_integrate(&die, attribute, &found));
}

std::uint64_t number_of(Dwarf_Die& die, unsigned attribute) {
  Dwarf_Attribute found;
  Dwarf_Word value = 0;
  return dwarf_formudata(dwarf_attr(&die, attribute, &found), &value) == 0 ? value : 0;
}

std::string name_of(Dwarf_Die& function) {
  if (const char* linkage = string_of(function, DW_AT_linkage_name)) return demangled(linkage);
  const char* const name = dwarf_diename(&function);
  return name == nullptr ? "[inlined]" : name;
}

/// "/src/build/../a.cc" is "/src/a.cc". A compiler that ran elsewhere leaves names relative to its folder.
std::string path_of(Dwarf_Die& unit, const char* name) {
  if (name == nullptr) return {};
  std::filesystem::path path(name);
  if (const char* const folder = string_of(unit, DW_AT_comp_dir); folder != nullptr && path.is_relative()) {
    path = std::filesystem::path(folder) / path;
  }
  return path.lexically_normal().string();
}

/// The inlined calls that hold `address`, from the outside in.
std::vector<Dwarf_Die> inlined_at(Dwarf_Die function, std::uint64_t address) {
  std::vector<Dwarf_Die> inlined;
  Dwarf_Die die;
  int more = dwarf_child(&function, &die);
  for (int depth = 0; more == 0 && depth < kScopesMax * 2 && inlined.size() < kInlinedMax;) {
    const int tag = dwarf_tag(&die);
    const bool is_call = tag == DW_TAG_inlined_subroutine;
    if ((is_call || tag == DW_TAG_lexical_block) && dwarf_haspc(&die, address) == 1) {
      if (is_call) inlined.push_back(die);
      Dwarf_Die outer = die;
      more = dwarf_child(&outer, &die);
      ++depth;
    } else {
      more = dwarf_siblingof(&die, &die);
    }
  }
  return inlined;
}

}  // namespace

std::unique_ptr<DwarfFile> DwarfFile::open(const std::string& path, std::string_view build_id) {
  net::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return nullptr;
  Dwarf* const dwarf = dwarf_begin(file.get(), DWARF_C_READ);
  if (dwarf == nullptr) return nullptr;
  std::unique_ptr<DwarfFile> made(new DwarfFile(std::move(file), dwarf));
  if (!build_id.empty() && !has_build_id(dwarf, build_id)) return nullptr;
  made->read_units();
  return made;
}

void DwarfFile::add_ranges(Dwarf_Die& die, Ranges& ranges) {
  Dwarf_Addr base = 0, begin = 0, end = 0;
  for (ptrdiff_t at = 0; (at = dwarf_ranges(&die, at, &base, &begin, &end)) > 0;) {
    if (begin != 0 && begin < end) ranges.push_back({begin, end, dwarf_dieoffset(&die)});  // 0: left out by the linker
  }
}

const DwarfFile::Range* DwarfFile::find(const Ranges& ranges, std::uint64_t address) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), address,
                                      [](std::uint64_t at, const Range& range) { return at < range.begin; });
  if (after == ranges.begin() || address >= std::prev(after)->end) return nullptr;
  return &*std::prev(after);
}

void DwarfFile::read_units() {
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  while (dwarf_get_units(dwarf_.get(), unit, &unit, nullptr, nullptr, &die, nullptr) == 0) add_ranges(die, units_);
  std::sort(units_.begin(), units_.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
}

void DwarfFile::add_functions(Dwarf_Die parent, int depth, Ranges& ranges) {
  Dwarf_Die die;
  for (int more = dwarf_child(&parent, &die); more == 0; more = dwarf_siblingof(&die, &die)) {
    const int tag = dwarf_tag(&die);
    if (tag == DW_TAG_subprogram) add_ranges(die, ranges);
    if ((tag == DW_TAG_namespace || tag == DW_TAG_module) && depth > 0) add_functions(die, depth - 1, ranges);
  }
}

const DwarfFile::Ranges& DwarfFile::functions_of(Dwarf_Die& unit, Dwarf_Off offset) {
  const auto [entry, is_new] = functions_.try_emplace(offset);
  if (is_new) {
    add_functions(unit, kScopesMax, entry->second);
    std::sort(entry->second.begin(), entry->second.end(),
              [](const Range& a, const Range& b) { return a.begin < b.begin; });
  }
  return entry->second;
}

std::vector<ProfileLine> DwarfFile::at(std::uint64_t address) {
  const Range* const unit_range = find(units_, address);
  Dwarf_Die unit;
  if (unit_range == nullptr || dwarf_offdie(dwarf_.get(), unit_range->die, &unit) == nullptr) return {};
  Dwarf_Line* const place = dwarf_getsrc_die(&unit, address);
  if (place == nullptr) return {};
  int line = 0;
  dwarf_lineno(place, &line);
  ProfileLine here{{}, path_of(unit, dwarf_linesrc(place, nullptr, nullptr)), line};
  std::vector<ProfileLine> lines;
  Dwarf_Die function;
  const Range* const range = find(functions_of(unit, unit_range->die), address);
  if (range != nullptr && dwarf_offdie(dwarf_.get(), range->die, &function) != nullptr) {
    std::vector<Dwarf_Die> inlined = inlined_at(function, address);
    Dwarf_Files* files = nullptr;
    std::size_t count = 0;
    if (!inlined.empty()) dwarf_getsrcfiles(&unit, &files, &count);
    for (auto call = inlined.rbegin(); call != inlined.rend(); ++call) {
      here.function = name_of(*call);
      lines.push_back(std::move(here));
      const std::uint64_t file = number_of(*call, DW_AT_call_file);
      const char* const name = file < count ? dwarf_filesrc(files, file, nullptr, nullptr) : nullptr;
      here = {{}, path_of(unit, name), static_cast<std::int64_t>(number_of(*call, DW_AT_call_line))};
    }
  }
  lines.push_back(std::move(here));
  return lines;
}

// The strong side of the hook: the files of the modules, or their debug files by build id. Nothing is fetched from
// elsewhere (debuginfod).
namespace {

class DwarfLines final : public SourceLines {
 public:
  std::vector<ProfileLine> at(const ModuleIdentity& module, std::uint64_t address) override {
    const auto [entry, is_new] = files_.try_emplace(module.path + '\0' + module.build_id);
    if (is_new) entry->second = open(module);
    return entry->second == nullptr ? std::vector<ProfileLine>() : entry->second->at(address);
  }

 private:
  static std::unique_ptr<DwarfFile> open(const ModuleIdentity& module) {
    if (!module.build_id.empty()) {
      if (auto file = DwarfFile::open(debug_file_of(module.build_id), module.build_id)) return file;
    }
    return DwarfFile::open(module.path, module.build_id);
  }

  std::unordered_map<std::string, std::unique_ptr<DwarfFile>> files_;  // by path and build id
};

}  // namespace
}  // namespace nanospan::profile

nanospan::profile::SourceLines* nanospan_profile_lines_r1() {
  return std::make_unique<nanospan::profile::DwarfLines>().release();
}

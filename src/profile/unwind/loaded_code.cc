// dl_iterate_phdr to Modules. See the header.
#include "profile/unwind/loaded_code.h"

#include <elf.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "profile/unwind/build_id.h"
#include "profile/unwind/eh_frame.h"

namespace nanospan::profile {
namespace {

struct Counters {
  std::uint64_t loads = 0;
  std::uint64_t unloads = 0;
};

MappedBytes bytes_at(std::uint64_t address, std::uint64_t size) {
  return {{reinterpret_cast<const char*>(address), static_cast<std::size_t>(size)}, address};
}

/// Everything but the rows; null for an object without code.
std::shared_ptr<Module> identify(const dl_phdr_info& info) {
  auto module = std::make_shared<Module>();
  module->base = info.dlpi_addr;
  for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info.dlpi_phdr[i];
    const std::uint64_t begin = info.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0) {
      if (module->end == 0) {
        module->begin = begin;
        module->offset = segment.p_offset;
      }
      module->end = std::max(module->end, begin + segment.p_memsz);
    } else if (segment.p_type == PT_NOTE && module->build_id.empty()) {
      module->build_id = build_id_in(bytes_at(begin, segment.p_memsz).bytes);
    }
  }
  if (module->end == 0) return nullptr;
  // The first object is the program itself, which the linker gives no name.
  const bool is_program = info.dlpi_name == nullptr || info.dlpi_name[0] == '\0';
  module->path = is_program ? path_of_program() : info.dlpi_name;
  return module;
}

void read_rows(const dl_phdr_info& info, Module& module) {
  const auto* const segments_end = info.dlpi_phdr + info.dlpi_phnum;
  const auto* const header =
      std::find_if(info.dlpi_phdr, segments_end, [](const ElfW(Phdr) & s) { return s.p_type == PT_GNU_EH_FRAME; });
  if (header == segments_end) return;
  const auto* const image = std::find_if(info.dlpi_phdr, segments_end, [&](const ElfW(Phdr) & s) {
    return s.p_type == PT_LOAD && header->p_vaddr >= s.p_vaddr && header->p_vaddr - s.p_vaddr < s.p_memsz;
  });
  if (image == segments_end) return;
  const auto* const code = std::find_if(info.dlpi_phdr, segments_end, [](const ElfW(Phdr) & s) {
    return s.p_type == PT_LOAD && (s.p_flags & (PF_X | PF_R)) == (PF_X | PF_R);
  });
  const Result<std::vector<UnwindRow>> rows = unwind_rows(
      bytes_at(info.dlpi_addr + header->p_vaddr, header->p_memsz),
      bytes_at(info.dlpi_addr + image->p_vaddr, image->p_memsz),
      code == segments_end ? MappedBytes() : bytes_at(info.dlpi_addr + code->p_vaddr, code->p_filesz), info.dlpi_addr);
  if (rows) module.table = UnwindTable(*rows);
}

struct Reading {
  const CodeMap* before;
  std::vector<ModulePtr> modules;
};

// What was unloaded and loaded again may lie at the same address under the same name and still be another file; an
// equal build id says that it is not.
ModulePtr known(const CodeMap* before, const Module& now) {
  if (before == nullptr || now.build_id.empty()) return nullptr;
  for (const ModulePtr& module : before->modules()) {
    if (module->base == now.base && module->build_id == now.build_id && module->path == now.path) return module;
  }
  return nullptr;
}

int read_one(dl_phdr_info* info, std::size_t, void* to) {
  Reading& reading = *static_cast<Reading*>(to);
  std::shared_ptr<Module> now = identify(*info);
  if (now == nullptr) return 0;
  if (ModulePtr same = known(reading.before, *now)) {
    reading.modules.push_back(std::move(same));
    return 0;
  }
  read_rows(*info, *now);
  reading.modules.push_back(std::move(now));
  return 0;
}

int read_counters(dl_phdr_info* info, std::size_t, void* to) {
  *static_cast<Counters*>(to) = {info->dlpi_adds, info->dlpi_subs};
  return 1;  // that is all
}

}  // namespace

std::string path_of_program() {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : std::string();
}

bool LoadedCode::refresh() {
  Counters counters;
  ::dl_iterate_phdr(read_counters, &counters);
  if (map_ != nullptr && counters.loads == loads_ && counters.unloads == unloads_) return false;
  Reading reading{map_.get(), {}};
  ::dl_iterate_phdr(read_one, &reading);
  loads_ = counters.loads;
  unloads_ = counters.unloads;
  map_ = std::make_shared<CodeMap>(std::move(reading.modules));
  return true;
}

}  // namespace nanospan::profile

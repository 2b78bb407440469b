// DwarfFile: files, lines and inlined functions at addresses of one ELF file with DWARF, by elfutils' libdw.
//
// Which unit holds an address, and which function of it, is looked up in tables of ours, made from the units' and
// functions' own ranges: not every compiler writes .debug_aranges. What libdw has read goes with the object. One
// thread. Source: DWARF 5, 3.3 (subroutines, inlined ones 3.3.8.2), 2.17 (ranges), 6.2 (lines).
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/socket.h"
#include "profile/model/profile.h"

namespace nanospan::profile {

class DwarfFile {
 public:
  /// Null if it has no DWARF, or another build id. Empty: any.
  static std::unique_ptr<DwarfFile> open(const std::string& path, std::string_view build_id);

  /// See SourceLines.
  std::vector<ProfileLine> at(std::uint64_t address);

 private:
  struct Range {
    std::uint64_t begin;
    std::uint64_t end;
    Dwarf_Off die;
  };
  using Ranges = std::vector<Range>;  // by begin

  DwarfFile(net::Fd file, Dwarf* dwarf) : file_(std::move(file)), dwarf_(dwarf, dwarf_end) {}
  static void add_ranges(Dwarf_Die& die, Ranges& ranges);
  static void add_functions(Dwarf_Die parent, int depth, Ranges& ranges);
  static const Range* find(const Ranges& ranges, std::uint64_t address);
  void read_units();
  const Ranges& functions_of(Dwarf_Die& unit, Dwarf_Off offset);

  const net::Fd file_;
  const std::unique_ptr<Dwarf, int (*)(Dwarf*)> dwarf_;
  Ranges units_;
  std::unordered_map<Dwarf_Off, Ranges> functions_;  // by unit
};

}  // namespace nanospan::profile

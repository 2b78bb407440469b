// ElfSymbols: function names of one ELF file, from .symtab, or .dynsym where that is stripped.
//
// The file is mapped while it is read; the object keeps offsets and names of its own, so the file may go. Files are not
// trusted: every offset is checked. 64-bit little-endian only. Immutable once made; thread-safe.
// Source: System V gABI, chapter 4 (sections, symbol table).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nanospan::profile {

class ElfSymbols {
 public:
  /// `build_id` in lower hex: another one in the file is kNotFound. Empty: any.
  static Result<ElfSymbols> read_file(const std::string& path, std::string_view build_id);
  /// From the bytes of a file, or of an image that is the same (the vDSO).
  static Result<ElfSymbols> read(std::string_view bytes);

  /// The mangled name of the function that holds `address` (relative to the load base), or "".
  std::string_view name_of(std::uint64_t address) const;
  std::size_t size() const { return symbols_.size(); }
  const std::string& build_id() const { return build_id_; }

 private:
  struct Symbol {
    std::uint64_t begin;
    std::uint32_t size;
    std::uint32_t name;
  };
  std::vector<Symbol> symbols_;  // by begin
  std::string names_;            // zero-terminated, one after the other
  std::string build_id_;
};

}  // namespace nanospan::profile

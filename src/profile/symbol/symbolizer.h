// Symbolizer: names of functions for places in the code, read from the files when somebody asks, not while sampling.
//
// Names are kept (bounded), the tables that they came from are not: release() drops them after a profile was made. A
// file that was replaced since it was loaded is told by its build id; then a debug file of the same build id is tried
// (/usr/lib/debug/.build-id), else names stay unknown: "file+0x1234". One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "profile/model/stack_store.h"
#include "profile/symbol/elf_symbols.h"

namespace nanospan::profile {

class Symbolizer {
 public:
  /// The function at `address`, relative to the module's load base; demangled.
  const std::string& function_at(const ModuleIdentity& module, std::uint64_t address);
  void release() { files_.clear(); }
  std::size_t cached() const { return names_.size(); }

 private:
  const ElfSymbols* symbols_of(const ModuleIdentity& module);

  std::unordered_map<std::string, std::optional<ElfSymbols>> files_;  // by path and build id
  std::unordered_map<std::string, std::string> names_;                // by path, build id and address
};

/// Where Debian and others keep the debug information of a build id, in lower hex.
std::string debug_file_of(const std::string& build_id);
/// The readable form of a C++ name; others come back as they are.
std::string demangled(std::string_view name);

}  // namespace nanospan::profile

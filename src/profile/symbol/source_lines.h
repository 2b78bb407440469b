// SourceLines: files, lines and inlined functions of places in the code, from their debug information.
//
// Reading that takes a library of its own (nanospan::profile_lines, on elfutils' libdw), which not every program wants;
// it is found by a weak symbol, as gzip is (docs/decisions/0021). An object lives for one profile; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "profile/model/profile.h"
#include "profile/model/stack_store.h"

namespace nanospan::profile {

class SourceLines {
 public:
  virtual ~SourceLines() = default;
  /// What is at `address`, relative to the module's load base, from the inside out: the functions that are inlined
  /// there, and last the one that they are in, whose name is left empty. Empty: there is no debug information of it.
  virtual std::vector<ProfileLine> at(const ModuleIdentity& module, std::uint64_t address) = 0;
};

/// True if nanospan::profile_lines is linked into this program.
bool has_source_lines();
/// Null if it is not.
std::unique_ptr<SourceLines> make_source_lines();

}  // namespace nanospan::profile

/// The library's one symbol. The caller owns what it returns.
extern "C" [[gnu::visibility("default")]] nanospan::profile::SourceLines* nanospan_profile_lines_r1();

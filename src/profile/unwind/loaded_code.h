// LoadedCode: follows what the dynamic linker loads and unloads, and makes CodeMaps of it.
//
// refresh() asks the linker whether anything changed (two counters) and reads only what is new; tables of objects that
// stay are shared with the map before. Everything is read under the linker's lock, so nothing vanishes underneath.
// One thread at a time (the collector's); never from a signal handler.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "profile/unwind/code_map.h"

namespace nanospan::profile {

/// Of this process, as its Module has it; "" where /proc is missing.
std::string path_of_program();

class LoadedCode {
 public:
  /// True if the map was replaced.
  bool refresh();
  /// Never null after the first refresh().
  const std::shared_ptr<const CodeMap>& map() const { return map_; }

 private:
  std::shared_ptr<const CodeMap> map_;
  std::uint64_t loads_ = 0;
  std::uint64_t unloads_ = 0;
};

}  // namespace nanospan::profile

// The fixture trees beside this file: the parts of /proc and /etc that detectors read, as each runtime makes them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "sdk/resource/file_root.h"

namespace nanospan::testing {

inline sdk::FileRoot fixture_tree(std::string_view name) {
  return sdk::FileRoot((std::filesystem::path(__FILE__).parent_path() / "fixtures" / name).string());
}

}  // namespace nanospan::testing

// Comparison of secrets. Header-only, pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace nanospan::base {

/// Takes as long for a wrong first byte as for a wrong last one. Does not hide how long the texts are.
inline bool equals_in_constant_time(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
  }
  return difference == 0;
}

}  // namespace nanospan::base

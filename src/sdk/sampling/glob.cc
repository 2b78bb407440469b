// One pass that goes back to the last star only, so that no pattern takes more than length times length. Pure.
#include "sdk/sampling/glob.h"

#include <cstddef>

namespace nanospan::sdk {

bool matches_glob(std::string_view pattern, std::string_view text) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0, t = 0;
  // Where the last '*' stands and how much of the text it has taken. Going back to it suffices: an earlier '*' could
  // not do better than one that matched as early as possible.
  std::size_t star = kNone, taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != kNone) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == kNone;
}

}  // namespace nanospan::sdk

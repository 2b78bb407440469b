// Shell-like patterns: '*' stands for any run of bytes, '?' for one byte, everything else for itself.
#pragma once

#include <string_view>

namespace nanospan::sdk {

/// Whether all of `text` matches. At most pattern.size() * text.size() steps, no recursion: names come from requests.
bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace nanospan::sdk

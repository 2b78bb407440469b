// White space around texts: of files and variables, and OWS of headers. Pure functions.
#pragma once

#include <string_view>

namespace nanospan::base {

/// `text` without the characters of `blank` at both ends; of white space and line ends by default.
inline std::string_view trimmed(std::string_view text, std::string_view blank = " \t\r\n") {
  const std::size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// Without spaces and tabs: OWS of RFC 9110, 5.6.3.
inline std::string_view trim_ows(std::string_view text) { return trimmed(text, " \t"); }

}  // namespace nanospan::base

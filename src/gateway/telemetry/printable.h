// Text from outside, made fit for a log line or an error message. Pure function.
#pragma once

#include <string>
#include <string_view>

namespace nanospan::gateway {

/// At most `bytes_max` bytes of `text`; everything but printable ASCII becomes "?", so that a peer can neither write to
/// a terminal as it likes nor break a line, and the result is valid UTF-8.
inline std::string printable(std::string_view text, std::size_t bytes_max = 300) {
  std::string out(text.substr(0, bytes_max));
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}

}  // namespace nanospan::gateway

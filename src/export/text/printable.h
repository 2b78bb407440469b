// Makes text from elsewhere (a receiver's words, an attribute of a user) safe to show on a terminal or in a log line,
// and puts counts into words. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nanospan::exporters {

/// Appends at most `code_points_max` code points of `text`, as valid UTF-8 on one line: ill-formed pieces become
/// U+FFFD, control characters (C0, DEL and C1, with which a terminal can be taken over) become \xNN. What is cut off
/// shows as "...".
void append_printable(std::string_view text, std::size_t code_points_max, std::string& out);

/// "1 span", "2 spans".
std::string spans_text(std::size_t count);

}  // namespace nanospan::exporters

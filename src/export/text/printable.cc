// One pass over repaired UTF-8. Pure, thread-safe.
#include "export/text/printable.h"

#include "wire/json_text.h"
#include "wire/utf8.h"

namespace nanospan::exporters {
namespace {

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

void append_escaped(char c, std::string& out) {
  out += "\\x";
  wire::append_hex({&c, 1}, out);
}

}  // namespace

void append_printable(std::string_view text, std::size_t code_points_max, std::string& out) {
  // Repaired before it is counted: ill-formed bytes would count as nothing. No code point has more than four bytes.
  const std::string_view first = text.substr(0, 4 * code_points_max);
  const std::string repaired = wire::repair_utf8(first);
  const std::string_view kept = wire::truncate_code_points(repaired, code_points_max);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto c = static_cast<unsigned char>(kept[i]);
    const bool c1 = c == 0xC2 && static_cast<unsigned char>(kept[i + 1]) < 0xA0;  // U+0080 to U+009F: C2 80 to C2 9F
    if (c1) {
      append_escaped(kept[++i], out);
    } else if (is_control(c)) {
      append_escaped(kept[i], out);
    } else {
      out += kept[i];
    }
  }
  if (kept.size() != repaired.size() || first.size() != text.size()) out += "...";
}

std::string spans_text(std::size_t count) { return std::to_string(count) + (count == 1 ? " span" : " spans"); }

}  // namespace nanospan::exporters

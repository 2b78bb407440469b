// An entry that breaks the form is an error of the whole list, as the specification wants. Pure.
#include "setup/key_values.h"

#include <algorithm>
#include <optional>

#include <nanospan/ids.h>

#include "base/text.h"
#include "wire/utf8.h"

namespace nanospan::setup {
namespace {

/// Nothing if a '%' is not followed by two hex digits, or if the result is not UTF-8.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? detail::hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? detail::hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (!wire::is_valid_utf8(out)) return std::nullopt;
  return out;
}

Error malformed(std::size_t member, std::string_view why) {
  return Error{ErrorCode::kMalformed, "entry " + std::to_string(member) + " " + std::string(why)};
}

}  // namespace

Result<KeyValues> parse_key_values(std::string_view text) {
  KeyValues pairs;
  std::size_t member = 0;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view entry = base::trim_ows(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    ++member;
    if (entry.empty()) continue;
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) return malformed(member, "has no '='; write key=value,key=value");
    const std::optional<std::string> key = percent_decoded(base::trim_ows(entry.substr(0, equals)));
    const std::optional<std::string> value = percent_decoded(base::trim_ows(entry.substr(equals + 1)));
    if (!key || !value) return malformed(member, "has a '%' without two hex digits, or is not UTF-8");
    if (key->empty()) return malformed(member, "has an empty key");
    pairs.emplace_back(*key, *value);
  }
  return pairs;
}

}  // namespace nanospan::setup

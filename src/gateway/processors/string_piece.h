// A text as RE2 of Debian 12 takes it.
#pragma once

#include <re2/re2.h>

#include <string_view>

namespace nanospan::gateway {

inline re2::StringPiece string_piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace nanospan::gateway

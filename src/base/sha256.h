// SHA-256 (FIPS 180-4), for values that must not be readable but comparable. Not for passwords. Pure function.
#pragma once

#include <string>
#include <string_view>

namespace nanospan::base {

/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace nanospan::base

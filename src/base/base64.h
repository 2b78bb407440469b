// Base64 (RFC 4648): OTLP/JSON's bytes, credentials of HTTP, the details of a gRPC status. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace nanospan::base {

/// Appends `bytes` in the standard alphabet with padding (section 4).
void append_base64(std::string_view bytes, std::string& out);

enum class Base64Alphabet { kStandard, kStandardOrUrl };

/// Appends the bytes of `text`, padded or not. False, with `out` as before, if it is not base64 of that alphabet.
/// kStandardOrUrl also takes '-' and '_' (section 5).
bool append_from_base64(std::string_view text, std::string& out, Base64Alphabet alphabet = Base64Alphabet::kStandard);

}  // namespace nanospan::base

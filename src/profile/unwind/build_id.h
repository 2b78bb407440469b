// The GNU build id in the notes of an ELF object, as lower hex; "" if there is none. Notes are not trusted.
//
//   note: name size u32 | content size u32 | type u32 | name, padded to 4 | content, padded to 4
#pragma once

#include <string>
#include <string_view>

namespace nanospan::profile {

std::string build_id_in(std::string_view notes);

}  // namespace nanospan::profile

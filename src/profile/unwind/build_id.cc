// Notes one after another, each length checked against what is left. Pure.
#include "profile/unwind/build_id.h"

#include <elf.h>

#include <cstdint>
#include <cstring>

#include "wire/json_text.h"

namespace nanospan::profile {
std::string build_id_in(std::string_view notes) {
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr note{};
    std::memcpy(&note, notes.data(), sizeof note);
    notes.remove_prefix(sizeof note);
    const std::uint64_t name = (std::uint64_t{note.n_namesz} + 3) & ~std::uint64_t{3};
    const std::uint64_t content = (std::uint64_t{note.n_descsz} + 3) & ~std::uint64_t{3};
    if (name + content > notes.size()) return {};
    if (note.n_type == NT_GNU_BUILD_ID && notes.starts_with(std::string_view("GNU", 4))) {
      std::string id;
      wire::append_hex(notes.substr(name, note.n_descsz), id);
      return id;
    }
    notes.remove_prefix(name + content);
  }
  return {};
}

}  // namespace nanospan::profile

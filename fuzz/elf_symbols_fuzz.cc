// LINK: nanospan_profile
// ElfSymbols on hostile files: no fault, and names come out for any address.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "profile/symbol/elf_symbols.h"
#include "profile/symbol/symbolizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nanospan::profile;
  const auto symbols = ElfSymbols::read({reinterpret_cast<const char*>(data), size});
  if (!symbols) return 0;
  for (std::uint64_t address = 0; address < 1u << 16; address += 97) demangled(symbols->name_of(address));
  return 0;
}

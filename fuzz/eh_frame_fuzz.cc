// LINK: nanospan_profile
// unwind_rows() on hostile bytes: no fault, rows ascend and stay within bounds. The input is one segment: a
// .eh_frame_hdr, .eh_frame somewhere behind it, and code.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "profile/unwind/eh_frame.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nanospan::profile;
  constexpr std::uint64_t kBase = 0x400000;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto rows = unwind_rows({bytes, kBase}, {bytes, kBase}, {bytes, kBase}, kBase);
  if (!rows) return 0;
  for (std::size_t i = 1; i < rows->size(); ++i) {
    if ((*rows)[i - 1].pc > (*rows)[i].pc) std::abort();
  }
  return 0;
}

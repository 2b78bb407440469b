// field(): one length-delimited field, to put messages together by hand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/writer.h"

namespace nanospan::wire {

inline std::string field(std::uint32_t number, std::string_view content) {
  std::string out;
  Appender(out).bytes_field(number, content);
  return out;
}

}  // namespace nanospan::wire

// Where bytes stop following their format: what the reader and the validating walk report.
//
// A Fault is a value without ownership; malformed() turns it into the Error that leaves the module.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace nanospan::wire {

/// The first thing wrong with some bytes, and where (counted from the first byte of the outermost message).
struct Fault {
  std::size_t offset = 0;
  const char* text = nullptr;  ///< Static, one clause without a full stop; nullptr: nothing is wrong.
};

/// "byte 17: length runs past the end". REQUIRES: fault.text != nullptr.
inline Error malformed(const Fault& fault) {
  return Error{ErrorCode::kMalformed, "byte " + std::to_string(fault.offset) + ": " + fault.text};
}

}  // namespace nanospan::wire

// A small body as a whole: what an answer says that came compressed. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/codec.h"

namespace nanospan::net {

/// Of at most `bytes_max` bytes. Errors are Decoder's.
inline Result<std::string> decode_text(const Codec& codec, std::string_view body, std::size_t bytes_max) {
  DecodeBuffer buffer(bytes_max);
  const Result<Decoded> decoded = codec.make_decoder()->decode({&body, 1}, buffer);
  if (!decoded) return decoded.error();
  return std::string(buffer.take().view());
}

}  // namespace nanospan::net

// What holds for every codec, on hostile input: no crash; the limit and what memory is allowed hold; the outcome does
// not depend on how the body is cut, nor on how the buffer grows; and what we encode decodes to itself, as one frame,
// in one piece or in many.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "net/codec.h"

namespace nanospan::fuzz {

inline constexpr std::size_t kOutputMax = 1u << 16;

inline void require(bool holds) {
  if (!holds) std::abort();
}

/// What came out, and how it ended. `step`: so much more than it has a buffer gets at a time.
inline std::string outcome(net::Decoder& decoder, std::span<const std::string_view> body, std::size_t step) {
  std::size_t allowed = 0;
  net::DecodeBuffer out(kOutputMax, [&](std::size_t wanted) { return allowed = std::min(wanted, allowed + step); });
  const Result<net::Decoded> decoded = decoder.decode(body, out);
  require(out.size() <= kOutputMax && out.size() <= allowed);
  if (!decoded) {
    require(decoded.error().code != ErrorCode::kUnavailable || step < kOutputMax);
    return "failed";  // Where a body is both broken and too large, how it is cut decides which is seen first.
  }
  return std::string(out.take().view()) + (decoded->single_frame ? "1" : "n");
}

/// The first byte chooses the cuts. Gives the outcome.
inline std::string check_codec(const net::Codec& codec, std::string_view input) {
  const auto choice = static_cast<unsigned char>(input.empty() ? 0 : input[0]);
  input.remove_prefix(input.empty() ? 0 : 1);
  const std::unique_ptr<net::Decoder> decoder = codec.make_decoder();
  const std::string whole = outcome(*decoder, {&input, 1}, kOutputMax);
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at < input.size(); at += 1u + choice) pieces.push_back(input.substr(at, 1u + choice));
  // One that needs all its room at once gets it or not: only the steps of streams are compared.
  const bool is_stream = codec.coding != net::Coding::kSnappyBlock && codec.coding != net::Coding::kSnappyFramed;
  const std::string cut = outcome(*decoder, pieces, is_stream ? 1024 : kOutputMax);
  // libzstd checks the sizes of a frame less closely when it has all of it at once.
  const bool only_one_failed = cut != whole && (cut == "failed" || whole == "failed");
  require(cut == whole || (codec.coding == net::Coding::kZstd && only_one_failed));

  const int level = codec.level_min + choice % (codec.level_max - codec.level_min + 1);
  const auto packed = codec.encode(pieces, std::min(level, 9));
  require(packed.ok());
  const std::string_view back = packed->view();
  net::DecodeBuffer again(input.size());
  const auto decoded = decoder->decode({&back, 1}, again);
  require(decoded.ok() && decoded->single_frame && again.take().view() == input);
  pieces.clear();
  for (std::size_t at = 0; at < back.size(); at += 1u + choice) pieces.push_back(back.substr(at, 1u + choice));
  net::DecodeBuffer once_more(input.size());
  require(decoder->decode(pieces, once_more).ok() && once_more.take().view() == input);
  return whole;
}

}  // namespace nanospan::fuzz

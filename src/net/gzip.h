// gzip (RFC 1952) on zlib: one-shot compression of a list of slices into a single member, and streaming inflation with
// a hard limit on what comes out. Its own library (nanospan_net_gzip), so that programs without gzip do not link zlib.
//
// Objects belong to one thread at a time; the functions are reentrant.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "net/byte_block.h"

namespace nanospan::net {

/// Compresses the slices, in order, into one gzip member. `level` is 1 (fast) to 9, or 0 for stored.
Result<ByteBlock> gzip_compress(std::span<const std::string_view> slices, int level = 1);

/// Inflates gzip step by step, into buffers that the caller gives.
///
/// Several members in a row are accepted and their contents joined, as RFC 1952 2.2 asks, but complete_single_member()
/// tells them apart: receivers exist that silently drop all members after the first, so only a single one may be
/// forwarded verbatim (DESIGN, decision 13). Anything but a member after a member is an error, never ignored.
class GzipInflater {
 public:
  /// Stops with kResourceExhausted as soon as more than `output_bytes_max` bytes would come out.
  explicit GzipInflater(std::size_t output_bytes_max);
  ~GzipInflater();
  GzipInflater(GzipInflater&&) noexcept;
  GzipInflater& operator=(GzipInflater&&) noexcept;

  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };
  /// Inflates from `input` to `output` until one of them is used up; call again with the rest of the input or more
  /// room.
  Result<Step> inflate(std::string_view input, std::span<char> output);

  /// The input so far ends exactly at the end of a member.
  bool complete() const;
  /// It is complete and was one member only.
  bool complete_single_member() const;
  std::size_t output_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct Gunzipped {
  ByteBlock bytes;
  bool single_member = true;
};
/// Inflates a whole body. kMalformed for broken or truncated input, kResourceExhausted above the limit.
Result<Gunzipped> gzip_decompress(std::span<const std::string_view> slices, std::size_t output_bytes_max);

}  // namespace nanospan::net

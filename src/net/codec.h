// Codec: the content codings of OTLP (RFC 9110, 8.4.1) behind one seam: gzip, deflate, zstd, snappy; both ways.
//
// Why a seam: each needs a library that not everyone wants, so each is a target of its own (gzip.h, codec_isal.h,
// codec_zstd.h, codec_snappy.h), and who receives or sends bodies knows only this header.
//
//   body, as slices -> Decoder -> DecodeBuffer, which grows step by step, as far as its owner allows
//   body, as slices -> Codec::encode -> one complete frame
// A frame is what the coding calls a member, frame or stream. Decoders accept several in a row where the coding does,
// but say so: receivers exist that drop all but the first or fail on them, so only a single complete frame may be
// forwarded verbatim (DESIGN, decision 13). Nothing is ever allocated because a header claims a size: a bomb costs its
// sender what it costs us, and stops at the limit.
//
// Codecs are constants and thread-safe; a Decoder and a DecodeBuffer belong to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "net/byte_block.h"
#include "net/unique_function.h"

namespace nanospan::net {

enum class Coding : std::uint8_t {
  kGzip,
  kDeflate,       ///< The zlib format (RFC 1950), which HTTP calls deflate.
  kZstd,          ///< RFC 8878, windows to 8 MiB (RFC 9659).
  kSnappyBlock,   ///< google/snappy, format_description.txt
  kSnappyFramed,  ///< google/snappy, framing_format.txt
};

/// The sum of the slices.
std::size_t total_size(std::span<const std::string_view> slices);

/// What a decoder writes to. Grows by doubling, but never beyond the limit nor beyond what its owner has to give.
class DecodeBuffer {
 public:
  /// Asked before memory is taken: `wanted` bytes in all; says how many there may be. Fewer than `wanted` is a last
  /// offer.
  using Allow = UniqueFunction<std::size_t(std::size_t wanted)>;

  explicit DecodeBuffer(std::size_t bytes_max, Allow allow = {}) : bytes_max_(bytes_max), allow_(std::move(allow)) {}

  std::size_t bytes_max() const { return bytes_max_; }
  std::size_t size() const { return block_.size(); }
  std::span<char> room() { return {block_.tail(), block_.room()}; }
  void wrote(std::size_t count) { block_.wrote(count); }
  /// Room for `needed` bytes in all, or better `wanted`. kResourceExhausted: more than the limit; kUnavailable: more
  /// than is allowed.
  Status grow(std::size_t needed, std::size_t wanted);
  Status append(std::string_view bytes);
  /// What came out, in a block of about its size.
  ByteBlock take();

 private:
  const std::size_t bytes_max_;
  Allow allow_;
  ByteBlock block_;
};

struct Decoded {
  bool single_frame = false;  ///< One complete frame and nothing after it.
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Decodes one whole body. kMalformed: its message goes on after "the gzip body"; kResourceExhausted, kUnavailable:
  /// as DecodeBuffer::grow(). May be called again, whatever the outcome was.
  virtual Result<Decoded> decode(std::span<const std::string_view> body, DecodeBuffer& out) = 0;
};

/// The loop that all streaming formats share.
class StreamDecoder : public Decoder {
 public:
  Result<Decoded> decode(std::span<const std::string_view> body, DecodeBuffer& out) final;

 protected:
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool frame_end = false;
  };
  /// Called at the first byte of each frame. An error, kMalformed, if there may be only one.
  virtual Status begin_frame(bool is_first) = 0;
  /// Goes on until input or room (of at least one byte) is used up, or the frame ends. kMalformed: only the reason.
  virtual Result<Step> step(std::string_view input, std::span<char> room) = 0;
  /// What the body says it will become, or a guess. Not believed beyond what is usual.
  virtual std::size_t size_hint(std::span<const std::string_view> body) const = 0;
  virtual void end_body() {}

 private:
  Status advance(std::string_view& input, DecodeBuffer& out, bool& in_frame, bool& moved);
};

/// Decoding errors, in the form that Decoder promises: "is broken after byte 7: invalid block".
Error broken_at(std::size_t offset, std::string_view reason);
Error cut_off_at(std::size_t offset);
/// For StreamDecoder::begin_frame() of a coding that knows no second frame.
Error data_after_the_end();

struct Codec {
  Coding coding;
  std::string_view name;
  int level_min;  ///< Levels are the coding's own; where it has none all three are 0.
  int level_max;
  int level_default;  ///< Fast: at a gateway CPU is dearer than the last tenth of size.
  std::unique_ptr<Decoder> (*make_decoder)();
  Result<ByteBlock> (*encode)(std::span<const std::string_view> body, int level);
};

}  // namespace nanospan::net

// Blocks and frames of snappy.
//
//   block    uncompressed size, varint | elements                      (format_description.txt)
//   framed   FF 06 00 00 "sNaPpY"  then chunks:  type | size, 3 bytes, little endian | content     (framing_format.txt)
//            type 00   masked CRC-32C of what comes out, 4 bytes, little endian | block of at most 65536 bytes
//            type 01   the same, | the bytes themselves
//            80..FD, FE to be skipped; 02..7F not; FF the identifier again, where streams are joined
#include "net/codec_snappy.h"

#include <snappy-sinksource.h>
#include <snappy.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/crc32c.h"

namespace nanospan::net {
namespace {

constexpr std::string_view kIdentifier("\xFF\x06\x00\x00sNaPpY", 10);
constexpr std::size_t kChunkBytesMax = 65536;  // uncompressed
constexpr std::size_t kHeaderBytes = 4, kChecksumBytes = 4;
// No element of 3 bytes gives more than 64 (a copy with a 2-byte offset), so no block gives more than this.
constexpr std::size_t kRatioMax = 22;

Error out_of_memory() { return Error{ErrorCode::kUnavailable, "snappy: out of memory"}; }

/// Slices as snappy reads them.
class SliceSource final : public snappy::Source {
 public:
  explicit SliceSource(std::span<const std::string_view> slices) : slices_(slices), left_(total_size(slices)) {
    skip_empty();
  }
  std::size_t Available() const override { return left_; }
  const char* Peek(std::size_t* length) override {
    const std::string_view rest = slices_.empty() ? std::string_view() : slices_.front().substr(at_);
    *length = rest.size();
    return rest.data();
  }
  void Skip(std::size_t count) override {
    left_ -= count;
    at_ += count;
    skip_empty();
  }

 private:
  void skip_empty() {
    while (!slices_.empty() && at_ >= slices_.front().size()) {
      at_ -= slices_.front().size();
      slices_ = slices_.subspan(1);
    }
  }
  std::span<const std::string_view> slices_;
  std::size_t at_ = 0;
  std::size_t left_;
};

class BlockDecoder final : public Decoder {
 public:
  Result<Decoded> decode(std::span<const std::string_view> body, DecodeBuffer& out) override {
    const std::size_t total = total_size(body);
    SliceSource preamble(body);
    std::uint32_t size = 0;
    if (!snappy::GetUncompressedLength(&preamble, &size)) return total < 5 ? cut_off_at(total) : broken_at(0, kNoSize);
    if (size > out.bytes_max()) return out.grow(size, size).error();
    if (size > total * kRatioMax) return broken_at(0, "so few bytes cannot become " + std::to_string(size));
    if (Status grown = out.grow(size, size); !grown) return grown.error();
    SliceSource source(body);
    // The library wants a place to write to, also for nothing.
    char nowhere = 0;
    if (!snappy::RawUncompress(&source, size == 0 ? &nowhere : out.room().data())) return broken_at(0, "invalid block");
    out.wrote(size);
    return Decoded{true};
  }

 private:
  static constexpr std::string_view kNoSize = "it does not begin with a size";
};

/// Takes pieces out of slices, in one piece each: where they lie, or joined in a scratch buffer.
class SliceReader {
 public:
  explicit SliceReader(std::span<const std::string_view> slices) : slices_(slices), left_(total_size(slices)) {}
  std::size_t left() const { return left_; }
  std::size_t offset() const { return offset_; }

  /// REQUIRES: count <= left()
  std::string_view take(std::size_t count) {
    next_slice();
    if (!slices_.empty() && slices_.front().size() - at_ >= count) return step(count);
    joined_.clear();
    while (joined_.size() < count) {
      next_slice();
      joined_ += step(std::min(count - joined_.size(), slices_.front().size() - at_));
    }
    return joined_;
  }
  void skip(std::size_t count) {
    for (; count != 0; next_slice()) {
      next_slice();
      count -= step(std::min(count, slices_.front().size() - at_)).size();
    }
  }

 private:
  void next_slice() {
    for (; !slices_.empty() && at_ == slices_.front().size(); at_ = 0) slices_ = slices_.subspan(1);
  }
  std::string_view step(std::size_t count) {
    const std::string_view piece = slices_.front().substr(at_, count);
    at_ += count;
    left_ -= count;
    offset_ += count;
    return piece;
  }
  std::span<const std::string_view> slices_;
  std::size_t at_ = 0;
  std::size_t left_;
  std::size_t offset_ = 0;
  std::string joined_;
};

std::size_t little_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes.size(); i != 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return value;
}

/// Stored checksums are rotated and offset, since one over data that holds its own checksum would be weak.
std::uint32_t masked_checksum(std::string_view bytes) {
  const std::uint32_t crc = base::crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xA282EAD8;
}

class FramedDecoder final : public Decoder {
 public:
  Result<Decoded> decode(std::span<const std::string_view> body, DecodeBuffer& out) override {
    SliceReader reader(body);
    if (reader.left() < kIdentifier.size()) return cut_off_at(reader.left());
    if (reader.take(kIdentifier.size()) != kIdentifier) return broken_at(0, "it does not begin with sNaPpY");
    Decoded decoded{true};
    while (reader.left() != 0) {
      const std::size_t at = reader.offset();
      if (reader.left() < kHeaderBytes) return cut_off_at(at + reader.left());
      const std::string_view header = reader.take(kHeaderBytes);
      const auto type = static_cast<unsigned char>(header[0]);
      const std::size_t size = little_endian(header.substr(1));
      if (size > reader.left()) return cut_off_at(reader.offset() + reader.left());
      if (type <= 1) {
        if (size < kChecksumBytes || size > kChecksumBytes + snappy::MaxCompressedLength(kChunkBytesMax))
          return broken_at(at, "a chunk of " + std::to_string(size) + " bytes is not allowed");
        if (Status added = add_chunk(type == 0, reader.take(size), at, out); !added) return added.error();
      } else if (type >= 0x80) {
        // Joined or padded streams are legal, but not what every receiver takes.
        decoded.single_frame = false;
        if (type == 0xFF && (size != 6 || reader.left() < 6 || reader.take(6) != kIdentifier.substr(4)))
          return broken_at(at, "a stream identifier is wrong");
        if (type != 0xFF) reader.skip(size);
      } else {
        return broken_at(at, "a chunk of reserved type " + std::to_string(type));
      }
    }
    return decoded;
  }

 private:
  static Status add_chunk(bool compressed, std::string_view chunk, std::size_t at, DecodeBuffer& out) {
    const std::size_t checksum = little_endian(chunk.substr(0, kChecksumBytes));
    const std::string_view content = chunk.substr(kChecksumBytes);
    std::size_t size = content.size();
    if (compressed && !snappy::GetUncompressedLength(content.data(), content.size(), &size))
      return broken_at(at, "a chunk does not begin with a size");
    if (size > kChunkBytesMax) return broken_at(at, "a chunk becomes more than 65536 bytes");
    if (Status grown = out.grow(out.size() + size, out.size() * 2); !grown) return grown;
    const std::span<char> to = out.room().first(size);
    if (!compressed) {
      std::copy(content.begin(), content.end(), to.begin());
    } else if (char nowhere = 0;
               !snappy::RawUncompress(content.data(), content.size(), size == 0 ? &nowhere : to.data())) {
      return broken_at(at, "invalid block");
    }
    if (masked_checksum({to.data(), size}) != checksum) return broken_at(at, "wrong checksum");
    out.wrote(size);
    return {};
  }
};

Result<ByteBlock> encode_block(std::span<const std::string_view> body, int /*level*/) {
  SliceSource source(body);
  ByteBlock out = ByteBlock::with_capacity(snappy::MaxCompressedLength(source.Available()));
  if (out.capacity() == 0) return out_of_memory();
  snappy::UncheckedByteArraySink sink(out.tail());
  out.wrote(snappy::Compress(&source, &sink));
  out.trim();
  return out;
}

Result<ByteBlock> encode_framed(std::span<const std::string_view> body, int /*level*/) {
  SliceReader reader(body);
  const std::size_t chunks = (reader.left() + kChunkBytesMax - 1) / kChunkBytesMax;
  ByteBlock out = ByteBlock::with_capacity(
      kIdentifier.size() + chunks * (kHeaderBytes + kChecksumBytes + snappy::MaxCompressedLength(kChunkBytesMax)));
  if (out.capacity() == 0) return out_of_memory();
  out.append(kIdentifier);
  const auto put = [&out](std::size_t value, int bytes) {
    for (int i = 0; i < bytes; ++i, value >>= 8) out.append(std::string(1, static_cast<char>(value)));
  };
  while (reader.left() != 0) {
    const std::string_view piece = reader.take(std::min(reader.left(), kChunkBytesMax));
    char* const content = out.tail() + kHeaderBytes + kChecksumBytes;
    std::size_t size = 0;
    snappy::RawCompress(piece.data(), piece.size(), content, &size);
    const bool compressed = size < piece.size() - piece.size() / 8;
    if (!compressed) size = static_cast<std::size_t>(std::copy(piece.begin(), piece.end(), content) - content);
    put(compressed ? 0 : 1, 1);
    put(size + kChecksumBytes, 3);
    put(masked_checksum(piece), 4);
    out.wrote(size);
  }
  out.trim();
  return out;
}

}  // namespace

bool is_snappy_framed(std::span<const std::string_view> body) {
  SliceReader reader(body);
  return reader.left() >= kIdentifier.size() && reader.take(kIdentifier.size()) == kIdentifier;
}

const Codec kSnappyBlockCodec{
    Coding::kSnappyBlock, "snappy", 0, 0, 0, [] { return std::unique_ptr<Decoder>(std::make_unique<BlockDecoder>()); },
    encode_block};
const Codec kSnappyFramedCodec{Coding::kSnappyFramed,
                               "snappy",
                               0,
                               0,
                               0,
                               [] { return std::unique_ptr<Decoder>(std::make_unique<FramedDecoder>()); },
                               encode_framed};

}  // namespace nanospan::net

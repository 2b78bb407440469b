// isa-l's streams behind Codec. Decoders own some 90 KB of state, so they are kept and reused; compression uses half a
// megabyte for each thread that ever compressed.
#include "net/codec_isal.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "net/gzip.h"

namespace nanospan::net {
namespace {

constexpr std::size_t kPieceMax = std::numeric_limits<std::uint32_t>::max() / 2;
constexpr std::size_t kRatioGuessed = 6;
constexpr std::size_t kEncodedBytesFirst = 4096;

std::uint32_t piece(std::size_t size) { return static_cast<std::uint32_t>(std::min(size, kPieceMax)); }

std::uint8_t* in_pointer(std::string_view input) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(input.data()));
}

const char* describe(int result) {
  switch (result) {
    case ISAL_INVALID_BLOCK:
      return "invalid block";
    case ISAL_INVALID_SYMBOL:
      return "invalid symbol";
    case ISAL_INVALID_LOOKBACK:
      return "invalid distance too far back";
    case ISAL_INVALID_WRAPPER:
      return "incorrect header check";
    case ISAL_UNSUPPORTED_METHOD:
      return "unknown compression method";
    case ISAL_INCORRECT_CHECKSUM:
      return "incorrect data check";
    case ISAL_NEED_DICT:
      return "it needs a dictionary";
    default:
      return "not what isa-l knows";
  }
}

class IsalDecoder final : public StreamDecoder {
 public:
  explicit IsalDecoder(std::uint32_t wrapper) {
    isal_inflate_init(&state_);
    state_.crc_flag = wrapper;
  }

 private:
  Status begin_frame(bool is_first) override {
    if (!is_first && state_.crc_flag != ISAL_GZIP) return data_after_the_end();
    isal_inflate_reset(&state_);
    return {};
  }

  Result<Step> step(std::string_view input, std::span<char> room) override {
    const std::uint32_t given = piece(input.size()), space = piece(room.size());
    state_.next_in = in_pointer(input);
    state_.avail_in = given;
    state_.next_out = reinterpret_cast<std::uint8_t*>(room.data());
    state_.avail_out = space;
    const int result = isal_inflate(&state_);
    if (result < 0 || result == ISAL_NEED_DICT) return Error{ErrorCode::kMalformed, describe(result)};
    Step step{given - state_.avail_in, space - state_.avail_out, state_.block_state == ISAL_BLOCK_FINISH};
    if (step.frame_end) {
      // It reads ahead by up to eight bytes, and keeps those after the end.
      const std::size_t ahead = static_cast<std::size_t>(state_.read_in_length) / 8;
      if (ahead > step.consumed) return data_after_the_end();
      step.consumed -= ahead;
    }
    return step;
  }

  std::size_t size_hint(std::span<const std::string_view> body) const override {
    return state_.crc_flag == ISAL_GZIP ? gzip_size_hint(body) : total_size(body) * kRatioGuessed;
  }

  inflate_state state_;
};

Result<ByteBlock> compress(std::span<const std::string_view> slices, int level, std::uint16_t wrapper) {
  static const std::uint32_t kLevelBytes[] = {0, ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL2_DEFAULT, ISAL_DEF_LVL3_DEFAULT};
  thread_local std::vector<std::uint8_t> level_buffer;
  thread_local isal_zstream stream;
  level_buffer.resize(std::max<std::size_t>(level_buffer.size(), kLevelBytes[level]));
  isal_deflate_init(&stream);
  stream.level = static_cast<std::uint32_t>(level);
  stream.level_buf = level_buffer.data();
  stream.level_buf_size = kLevelBytes[level];
  stream.gzip_flag = wrapper;
  std::size_t left = total_size(slices);
  ByteBlock out = ByteBlock::with_capacity(left / 4 + kEncodedBytesFirst);
  const auto run = [&]() -> bool {
    do {
      if (out.room() == 0 && !out.reserve(out.capacity() * 2)) return false;
      const std::uint32_t room = piece(out.room());
      stream.next_out = reinterpret_cast<std::uint8_t*>(out.tail());
      stream.avail_out = room;
      if (isal_deflate(&stream) != COMP_OK) return false;
      out.wrote(room - stream.avail_out);
    } while (stream.avail_in != 0 || (stream.end_of_stream && stream.internal_state.state != ZSTATE_END));
    return true;
  };
  for (std::string_view slice : slices) {
    while (!slice.empty()) {
      stream.next_in = in_pointer(slice);
      stream.avail_in = piece(slice.size());
      slice.remove_prefix(stream.avail_in);
      left -= stream.avail_in;
      stream.end_of_stream = left == 0;
      if (!run()) return Error{ErrorCode::kUnavailable, "isa-l: out of memory"};
    }
  }
  if (!stream.end_of_stream) {  // nothing at all was given
    stream.end_of_stream = 1;
    if (!run()) return Error{ErrorCode::kUnavailable, "isa-l: out of memory"};
  }
  out.trim();
  return out;
}

// zlib's levels, so that a configuration means the same with and without isa-l: what isa-l has, it does.
template <const Codec& kZlib, std::uint16_t kWrapper>
Result<ByteBlock> encode(std::span<const std::string_view> slices, int level) {
  if (level < 1 || level > ISAL_DEF_MAX_LEVEL) return kZlib.encode(slices, level);
  return compress(slices, level, kWrapper);
}

template <std::uint32_t kWrapper>
std::unique_ptr<Decoder> make_decoder() {
  return std::make_unique<IsalDecoder>(kWrapper);
}

}  // namespace

const Codec kIsalGzipCodec{Coding::kGzip, "gzip", 1, 9, 1, make_decoder<ISAL_GZIP>, encode<kGzipCodec, IGZIP_GZIP>};
const Codec kIsalDeflateCodec{
    Coding::kDeflate, "deflate", 1, 9, 1, make_decoder<ISAL_ZLIB>, encode<kDeflateCodec, IGZIP_ZLIB>};

}  // namespace nanospan::net

// The growing buffer and the loop of streaming decoders. Threads: see the header.
#include "net/codec.h"

#include <algorithm>
#include <array>
#include <string>

namespace nanospan::net {
namespace {

// OTLP shrinks 6 to 12 times; a claim beyond this ratio is not believed at once, the buffer grows as bytes come.
constexpr std::size_t kRatioBelieved = 16;
constexpr std::size_t kRoomMin = 256;

}  // namespace

std::size_t total_size(std::span<const std::string_view> slices) {
  std::size_t total = 0;
  for (const std::string_view slice : slices) total += slice.size();
  return total;
}

Error broken_at(std::size_t offset, std::string_view reason) {
  return Error{ErrorCode::kMalformed, "is broken after byte " + std::to_string(offset) + ": " + std::string(reason)};
}

Error cut_off_at(std::size_t offset) {
  return Error{ErrorCode::kMalformed, "ends before its end mark, at byte " + std::to_string(offset)};
}

Error data_after_the_end() { return Error{ErrorCode::kMalformed, "there are bytes after its end"}; }

Status DecodeBuffer::grow(std::size_t needed, std::size_t wanted) {
  if (needed <= block_.capacity()) return {};
  if (needed > bytes_max_) {
    return Error{ErrorCode::kResourceExhausted, "becomes more than " + std::to_string(bytes_max_) + " bytes"};
  }
  wanted = std::min(std::max(needed, wanted), bytes_max_);
  const std::size_t allowed = allow_ ? std::min(allow_(wanted), wanted) : wanted;
  if (allowed >= needed && block_.reserve(allowed)) return {};
  return Error{ErrorCode::kUnavailable, "needs more than the " + std::to_string(allowed) + " bytes that there are"};
}

Status DecodeBuffer::append(std::string_view bytes) {
  if (Status grown = grow(size() + bytes.size(), size() * 2); !grown) return grown;
  block_.append(bytes);
  return {};
}

ByteBlock DecodeBuffer::take() {
  block_.trim();
  return std::move(block_);
}

Result<Decoded> StreamDecoder::decode(std::span<const std::string_view> body, DecodeBuffer& out) {
  const std::size_t total = total_size(body);
  const std::size_t hint = std::min(size_hint(body), total * kRatioBelieved);
  if (Status grown = out.grow(1, std::max(hint, kRoomMin)); !grown && out.bytes_max() != 0) return grown.error();
  std::size_t frames = 0, offset = 0;
  bool in_frame = false;
  const auto finish = [&](const Status& failed) -> Result<Decoded> {
    end_body();
    if (failed) return Decoded{frames == 1};
    return failed.error().code == ErrorCode::kMalformed ? broken_at(offset, failed.error().message) : failed.error();
  };
  for (std::string_view input : body) {
    while (!input.empty()) {
      if (!in_frame) {
        if (Status begun = begin_frame(frames == 0); !begun) return finish(begun);
        in_frame = true;
        ++frames;
      }
      const std::size_t before = input.size();
      bool moved = false;
      const Status advanced = advance(input, out, in_frame, moved);
      offset += before - input.size();
      if (!advanced) return finish(advanced);
      if (!moved) return finish(Error{ErrorCode::kMalformed, "it leads nowhere"});
    }
  }
  std::string_view nothing;
  for (bool moved = true; in_frame && moved;) {  // What the decoder still holds back.
    moved = false;
    if (Status advanced = advance(nothing, out, in_frame, moved); !advanced) return finish(advanced);
  }
  if (in_frame || frames == 0) {
    end_body();
    return cut_off_at(offset);
  }
  return finish({});
}

// Where there is no room, the decoder gets a little on the side: only if something comes out is the buffer too small,
// so that one of just the right size, or at its limit, is enough for the end mark.
Status StreamDecoder::advance(std::string_view& input, DecodeBuffer& out, bool& in_frame, bool& moved) {
  std::array<char, 64> aside;
  const bool full = out.room().empty();
  const Result<Step> step = this->step(input, full ? std::span<char>(aside) : out.room());
  if (!step) return step.error();
  input.remove_prefix(step->consumed);
  in_frame = !step->frame_end;
  moved = step->consumed != 0 || step->produced != 0 || step->frame_end;
  if (full) return out.append({aside.data(), step->produced});
  out.wrote(step->produced);
  return {};
}

}  // namespace nanospan::net

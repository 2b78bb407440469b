// libzstd's streams behind Codec.
//
// A frame whose size is known and whose buffer is there at once is decoded straight into it, without a window; else the
// decoder needs one, of at most 8 MiB, which is what HTTP allows (RFC 9659, 3). It is given back after the body.
#include "net/codec_zstd.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <string>

namespace nanospan::net {
namespace {

constexpr int kWindowLogMax = 23;
constexpr std::size_t kRatioGuessed = 8;
constexpr std::size_t kContextBytesKept = 512u << 10;

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

class ZstdDecoder final : public StreamDecoder {
 private:
  Status begin_frame(bool /*is_first*/) override {
    if (context_ == nullptr) context_.reset(ZSTD_createDCtx());
    if (context_ == nullptr) return Error{ErrorCode::kUnavailable, "zstd: out of memory"};
    ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLogMax);
    return {};
  }

  Result<Step> step(std::string_view input, std::span<char> room) override {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const std::size_t left = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(left)) {
      const bool memory = ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation;
      return Error{memory ? ErrorCode::kUnavailable : ErrorCode::kMalformed, ZSTD_getErrorName(left)};
    }
    return Step{in.pos, out.pos, left == 0};
  }

  std::size_t size_hint(std::span<const std::string_view> body) const override {
    if (body.empty()) return 0;
    const unsigned long long size = ZSTD_getFrameContentSize(body.front().data(), body.front().size());
    const bool known = size != ZSTD_CONTENTSIZE_UNKNOWN && size != ZSTD_CONTENTSIZE_ERROR;
    return known ? static_cast<std::size_t>(size) : total_size(body) * kRatioGuessed;
  }

  void end_body() override {
    if (context_ != nullptr && ZSTD_sizeof_DCtx(context_.get()) > kContextBytesKept) context_.reset();
  }

  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
};

Result<ByteBlock> encode(std::span<const std::string_view> slices, int level) {
  thread_local std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  const Error no_memory{ErrorCode::kUnavailable, "zstd: out of memory"};
  const std::size_t total = total_size(slices);
  ByteBlock out = ByteBlock::with_capacity(ZSTD_compressBound(total));
  if (context == nullptr || out.capacity() == 0) return no_memory;
  ZSTD_CCtx_reset(context.get(), ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog,
                         total < (std::size_t{1} << kWindowLogMax) ? 0 : kWindowLogMax);
  ZSTD_CCtx_setPledgedSrcSize(context.get(), total);  // so that the frame says what it becomes
  ZSTD_outBuffer to{out.tail(), out.room(), 0};
  const auto run = [&](std::string_view slice, ZSTD_EndDirective directive) {
    ZSTD_inBuffer from{slice.data(), slice.size(), 0};
    std::size_t left = 1;
    while (directive == ZSTD_e_end ? left != 0 : from.pos != from.size) {
      left = ZSTD_compressStream2(context.get(), &to, &from, directive);
      if (ZSTD_isError(left) || to.pos == to.size) break;
    }
    return !ZSTD_isError(left) && (directive != ZSTD_e_end || left == 0);
  };
  for (std::size_t i = 0; i + 1 < slices.size(); ++i) {
    if (!run(slices[i], ZSTD_e_continue)) return no_memory;
  }
  if (!run(slices.empty() ? std::string_view() : slices.back(), ZSTD_e_end)) return no_memory;
  out.wrote(to.pos);
  out.trim();
  return out;
}

}  // namespace

const Codec kZstdCodec{
    Coding::kZstd, "zstd", 1, 19, 1, [] { return std::unique_ptr<Decoder>(std::make_unique<ZstdDecoder>()); }, encode};

}  // namespace nanospan::net

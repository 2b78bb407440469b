// zlib's streams behind Codec. Thread-safety: see codec.h.
#include "net/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <string>

namespace nanospan::net {
namespace {

// Window bits as zlib.h wants them: the largest window, with the wrapper that they stand for.
constexpr int kGzipWindow = 15 + 16;
constexpr int kZlibWindow = 15;
constexpr std::size_t kPieceMax = std::numeric_limits<uInt>::max();
// Deflate without a hint: what OTLP usually becomes.
constexpr std::size_t kRatioGuessed = 6;

Bytef* in_pointer(std::string_view input) { return reinterpret_cast<Bytef*>(const_cast<char*>(input.data())); }

uInt piece(std::size_t size) { return static_cast<uInt>(std::min(size, kPieceMax)); }

/// Ends a deflate stream on every way out.
struct Deflater {
  z_stream stream{};
  bool begun = false;
  ~Deflater() {
    if (begun) deflateEnd(&stream);
  }
};

Error out_of_memory() { return Error{ErrorCode::kUnavailable, "zlib: out of memory"}; }

Result<ByteBlock> compress(std::span<const std::string_view> slices, int level, int window) {
  if (level < 0 || level > 9) {
    return Error{ErrorCode::kInvalidArgument, "zlib level " + std::to_string(level) + " is not within 0 to 9"};
  }
  Deflater deflater;
  z_stream& stream = deflater.stream;
  if (deflateInit2(&stream, level, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK) return out_of_memory();
  deflater.begun = true;
  // deflateBound is for one call of deflate over all input; several slices may add a few bytes, so growth stays
  // possible.
  ByteBlock out = ByteBlock::with_capacity(deflateBound(&stream, total_size(slices)));
  if (out.capacity() == 0) return out_of_memory();

  const auto deflate_all = [&](int flush) {
    for (;;) {
      if (out.room() == 0 && !out.reserve(out.capacity() + out.capacity() / 2)) return false;
      const uInt room = piece(out.room());
      stream.next_out = reinterpret_cast<Bytef*>(out.tail());
      stream.avail_out = room;
      const int state = deflate(&stream, flush);
      out.wrote(room - stream.avail_out);
      if (state == Z_STREAM_END || (flush == Z_NO_FLUSH && stream.avail_in == 0)) return true;
    }
  };
  for (std::string_view slice : slices) {
    while (!slice.empty()) {
      stream.next_in = in_pointer(slice);
      stream.avail_in = piece(slice.size());
      slice.remove_prefix(stream.avail_in);
      if (!deflate_all(Z_NO_FLUSH)) return out_of_memory();
    }
  }
  if (!deflate_all(Z_FINISH)) return out_of_memory();
  out.trim();
  return out;
}

class ZlibDecoder final : public StreamDecoder {
 public:
  explicit ZlibDecoder(int window) : window_(window) {}
  ~ZlibDecoder() override {
    if (begun_) inflateEnd(&stream_);
  }
  ZlibDecoder(const ZlibDecoder&) = delete;
  ZlibDecoder& operator=(const ZlibDecoder&) = delete;

 private:
  Status begin_frame(bool is_first) override {
    if (!is_first && window_ != kGzipWindow) return data_after_the_end();  // RFC 1950 is one stream
    const int ready = begun_ ? inflateReset(&stream_) : inflateInit2(&stream_, window_);
    if (ready != Z_OK) return out_of_memory();
    begun_ = true;
    return {};
  }

  Result<Step> step(std::string_view input, std::span<char> room) override {
    const uInt given = piece(input.size()), space = piece(room.size());
    stream_.next_in = in_pointer(input);
    stream_.avail_in = given;
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    stream_.avail_out = space;
    const int result = ::inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR) return out_of_memory();
    if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END) {
      return Error{ErrorCode::kMalformed, stream_.msg != nullptr ? stream_.msg : "not what zlib knows"};
    }
    return Step{given - stream_.avail_in, space - stream_.avail_out, result == Z_STREAM_END};
  }

  std::size_t size_hint(std::span<const std::string_view> body) const override {
    return window_ == kGzipWindow ? gzip_size_hint(body) : total_size(body) * kRatioGuessed;
  }

  const int window_;
  z_stream stream_{};
  bool begun_ = false;
};

}  // namespace

Result<ByteBlock> gzip_compress(std::span<const std::string_view> slices, int level) {
  return compress(slices, level, kGzipWindow);
}

std::size_t gzip_size_hint(std::span<const std::string_view> body) {
  if (body.empty() || body.back().size() < 4) return 0;
  std::size_t size = 0;
  for (const char c : body.back().substr(body.back().size() - 4)) {
    size = size >> 8 | std::size_t{static_cast<unsigned char>(c)} << 24;
  }
  return size;
}

const Codec kGzipCodec{
    Coding::kGzip, "gzip", 1, 9, 1, [] { return std::unique_ptr<Decoder>(std::make_unique<ZlibDecoder>(kGzipWindow)); },
    gzip_compress};
const Codec kDeflateCodec{
    Coding::kDeflate,
    "deflate",
    1,
    9,
    1,
    [] { return std::unique_ptr<Decoder>(std::make_unique<ZlibDecoder>(kZlibWindow)); },
    [](std::span<const std::string_view> slices, int level) { return compress(slices, level, kZlibWindow); }};

}  // namespace nanospan::net

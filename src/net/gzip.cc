#include "net/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace nanospan::net {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, with a gzip header (zlib.h)
constexpr std::size_t kPieceMax = std::numeric_limits<uInt>::max();

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

Error out_of_memory() { return Error{ErrorCode::kResourceExhausted, "gzip: out of memory"}; }

}  // namespace

Result<ByteBlock> gzip_compress(std::span<const std::string_view> slices, int level) {
  if (level < 0 || level > 9) {
    return Error{ErrorCode::kInvalidArgument, "gzip level " + std::to_string(level) + " is not within 0 to 9"};
  }
  Deflater deflater;
  z_stream& stream = deflater.stream;
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) return out_of_memory();
  deflater.begun = true;
  std::size_t total = 0;
  for (const std::string_view slice : slices) total += slice.size();
  // deflateBound is for one call of deflate over all input; several slices may add a few bytes, so growth stays
  // possible.
  ByteBlock out = ByteBlock::with_capacity(deflateBound(&stream, total));
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

struct GzipInflater::State {
  explicit State(std::size_t limit) : output_bytes_max(limit) {}
  ~State() {
    if (begun) inflateEnd(&stream);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  z_stream stream{};
  bool begun = false;
  bool in_member = false;
  std::size_t members = 0;  // begun
  std::size_t output_bytes = 0;
  const std::size_t output_bytes_max;
};

GzipInflater::GzipInflater(std::size_t output_bytes_max) : state_(std::make_unique<State>(output_bytes_max)) {}
GzipInflater::~GzipInflater() = default;
GzipInflater::GzipInflater(GzipInflater&&) noexcept = default;
GzipInflater& GzipInflater::operator=(GzipInflater&&) noexcept = default;

bool GzipInflater::complete() const { return state_->members > 0 && !state_->in_member; }
bool GzipInflater::complete_single_member() const { return complete() && state_->members == 1; }
std::size_t GzipInflater::output_bytes() const { return state_->output_bytes; }

Result<GzipInflater::Step> GzipInflater::inflate(std::string_view input, std::span<char> output) {
  State& state = *state_;
  z_stream& stream = state.stream;
  Step step;
  while (step.consumed < input.size() || (state.in_member && step.produced < output.size())) {
    if (!state.in_member) {  // input is left: another member must begin here
      const int ready = state.begun ? inflateReset(&stream) : inflateInit2(&stream, kGzipWindow);
      if (ready != Z_OK) return out_of_memory();
      state.begun = state.in_member = true;
      ++state.members;
    }
    // One byte more than allowed may come out: that is how exceeding the limit is noticed.
    const std::size_t allowed = state.output_bytes_max - state.output_bytes;
    char beyond = 0;
    const bool at_limit = allowed == 0;
    const uInt room = at_limit ? 1 : piece(std::min(output.size() - step.produced, allowed));
    const uInt given = piece(input.size() - step.consumed);
    stream.next_in = in_pointer(input.substr(step.consumed));
    stream.avail_in = given;
    stream.next_out = reinterpret_cast<Bytef*>(at_limit ? &beyond : output.data() + step.produced);
    stream.avail_out = room;
    const int result = ::inflate(&stream, Z_NO_FLUSH);
    const std::size_t consumed = given - stream.avail_in;
    const std::size_t produced = room - stream.avail_out;
    step.consumed += consumed;
    if (at_limit && produced > 0) {
      return Error{ErrorCode::kResourceExhausted,
                   "gzip: inflates to more than " + std::to_string(state.output_bytes_max) + " bytes"};
    }
    step.produced += produced;
    state.output_bytes += produced;
    if (result == Z_STREAM_END) {
      state.in_member = false;
    } else if (result == Z_MEM_ERROR) {
      return out_of_memory();
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return Error{ErrorCode::kMalformed, std::string("gzip: ") + (stream.msg != nullptr ? stream.msg : "broken data")};
    } else if (consumed == 0 && produced == 0) {
      break;  // needs more input, or more room
    }
  }
  return step;
}

Result<Gunzipped> gzip_decompress(std::span<const std::string_view> slices, std::size_t output_bytes_max) {
  constexpr std::size_t kFirstBytes = 16u << 10;
  std::size_t total = 0;
  for (const std::string_view slice : slices) total += slice.size();
  GzipInflater inflater(output_bytes_max);
  // OTLP shrinks 6 to 8 times (dependencies.md, d). Never more than the limit; and never sized by what the input
  // claims.
  Gunzipped out{ByteBlock::with_capacity(std::max<std::size_t>(std::min(output_bytes_max, total * 8), 1)), true};
  for (std::string_view slice : slices) {
    for (;;) {
      const std::size_t grown = std::min(out.bytes.capacity() * 2 + kFirstBytes, output_bytes_max) + 1;
      if (out.bytes.room() == 0 && !out.bytes.reserve(grown)) return out_of_memory();
      Result<GzipInflater::Step> step = inflater.inflate(slice, {out.bytes.tail(), out.bytes.room()});
      if (!step.ok()) return step.error();
      out.bytes.wrote(step->produced);
      slice.remove_prefix(step->consumed);
      if (slice.empty() && out.bytes.room() > 0) break;
    }
  }
  if (!inflater.complete()) return Error{ErrorCode::kMalformed, "gzip: the data ends too early"};
  out.single_member = inflater.complete_single_member();
  return out;
}

}  // namespace nanospan::net

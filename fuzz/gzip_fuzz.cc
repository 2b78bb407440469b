// LINK: nanospan_net_gzip nanospan_net
// The inflater on hostile input: no crash, the output limit holds, and the outcome does not depend on how the input is
// cut or how large the buffers are; and what we compress inflates to itself, as one member. The first input byte
// chooses the cut.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/gzip.h"

namespace {

using nanospan::net::Gunzipped;
using nanospan::net::GzipInflater;

constexpr std::size_t kOutputMax = 1u << 16;

void require(bool holds) {
  if (!holds) std::abort();
}

/// What came out, and how it ended; in pieces of `piece` bytes, both ways.
std::string inflated(std::string_view input, std::size_t piece) {
  GzipInflater inflater(kOutputMax);
  std::string out;
  std::string buffer(piece, '\0');
  while (true) {
    const auto step = inflater.inflate(input.substr(0, piece), buffer);
    if (!step.ok()) return "failed";
    input.remove_prefix(step->consumed);
    out.append(buffer, 0, step->produced);
    require(out.size() <= kOutputMax && out.size() == inflater.output_bytes());
    if (step->consumed == 0 && step->produced == 0) break;
  }
  require(input.empty());
  return inflater.complete_single_member() ? out + "1" : inflater.complete() ? out + "n" : "failed";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view slices[] = {input.substr(0, input.size() / 2), input.substr(input.size() / 2)};
  const auto whole = nanospan::net::gzip_decompress(slices, kOutputMax);
  const std::string expected =
      !whole.ok() ? "failed" : std::string(whole->bytes.view()) + (whole->single_member ? "1" : "n");
  require(inflated(input, 1 + data[0]) == expected);

  const auto packed = nanospan::net::gzip_compress(slices, data[0] % 10);
  require(packed.ok());
  const std::string_view back[] = {packed->view()};
  const auto again = nanospan::net::gzip_decompress(back, input.size());
  require(again.ok() && again->single_member && again->bytes.view() == input);
  return 0;
}

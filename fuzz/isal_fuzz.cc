// LINK: nanospan_net_isal nanospan_net_gzip nanospan_net
// gzip and deflate on isa-l, and against zlib: what zlib takes, isa-l takes, and gives the same. (isa-l also takes some
// code tables that zlib refuses; each such request fails alone at a receiver that does not.)
#include "fuzz/codec_check.h"
#include "net/codec_isal.h"
#include "net/gzip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nanospan::fuzz;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::pair<const nanospan::net::Codec*, const nanospan::net::Codec*> pairs[] = {
      {&nanospan::net::kIsalGzipCodec, &nanospan::net::kGzipCodec},
      {&nanospan::net::kIsalDeflateCodec, &nanospan::net::kDeflateCodec}};
  for (const auto& [isal, zlib] : pairs) {
    const std::string ours = check_codec(*isal, input);
    const std::string_view body = input.substr(std::min<std::size_t>(input.size(), 1));
    const std::string theirs = outcome(*zlib->make_decoder(), {&body, 1}, kOutputMax);
    require(theirs == "failed" || theirs == ours);
  }
  return 0;
}

// LINK: nanospan_net
// The HTTP/1.1 parser on hostile requests: no crash, and the same outcome however TCP cuts the stream.
// The first input byte chooses the cut.
#include "fuzz/http1_parse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nanospan::fuzz::check_parser(nanospan::net::Http1Parser::Role::kRequests, data, size);
  return 0;
}

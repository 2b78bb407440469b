// LINK: nanospan_net_http2
// What gRPC peers write in header fields and in front of messages: no crash, and what is read is written back the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "net/grpc_framing.h"
#include "net/http2_body_reader.h"

namespace {

void check(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace net = nanospan::net;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  static_cast<void>(net::read_grpc_code(input));
  static_cast<void>(net::is_grpc_content_type(input));
  if (const auto nanos = net::read_grpc_timeout(input)) {
    check(net::read_grpc_timeout(net::grpc_timeout(*nanos)).value_or(0) >= *nanos);
  }
  check(net::unescape_grpc_message(net::escape_grpc_message(input)) == input);
  static_cast<void>(net::unescape_grpc_message(input));
  std::string encoded, decoded, read;
  nanospan::base::append_base64(input, encoded);
  check(nanospan::base::append_from_base64(encoded, decoded) && decoded == input);
  check(nanospan::base::append_from_base64(input, read) ? read.size() <= input.size() : read.empty());

  // A body comes to the same, however it is cut.
  int verdicts[2] = {0, 0};
  for (const bool whole : {false, true}) {
    const std::size_t step = whole ? size + 1 : 1;
    net::Http2BodyReader reader(net::BodyFraming::kGrpc, 4096, nullptr);
    int verdict = 0;
    for (std::size_t at = 0; at < size && verdict == 0; at += step)
      verdict = reader.append(input.substr(at, step)).status;
    if (verdict == 0) verdict = reader.end().status;
    verdicts[whole ? 1 : 0] = verdict;
    if (verdict == 0) check(reader.take_block().view() == input.substr(5));
  }
  check(verdicts[0] == verdicts[1]);
  return 0;
}

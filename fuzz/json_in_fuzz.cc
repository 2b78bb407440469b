// LINK: nanospan_wire nanospan_wire_json
//
// JSON to protobuf: what is accepted validates, and is stable once it went through our writer; what is refused leaves
// the output as it was.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fuzz/otlp_requests.h"
#include "wire/json_reader/otlp_json_in.h"
#include "wire/otlp_json_out.h"
#include "wire/validate.h"

namespace {

using nanospan::wire::MessageSchema;
using nanospan::wire::OtlpJsonReader;

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const MessageSchema& request, OtlpJsonReader& reader, std::string_view document) {
  std::string bytes = "before";
  if (!reader.read(request, document, bytes).ok()) {
    require(bytes == "before");
    return;
  }
  bytes.erase(0, 6);
  require(bytes.size() <= OtlpJsonReader::output_bytes_max(document));
  require(nanospan::wire::validate(request, bytes).ok());
  std::string json;
  require(nanospan::wire::append_json(request, bytes, json).ok());
  std::string canonical;
  require(reader.read(request, json, canonical).ok());
  std::string json_again;
  require(nanospan::wire::append_json(request, canonical, json_again).ok());
  require(json_again == json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static OtlpJsonReader reader;
  for (const MessageSchema* const request : nanospan::fuzz::kRequests) {
    check(*request, reader, {reinterpret_cast<const char*>(data), size});
  }
  return 0;
}

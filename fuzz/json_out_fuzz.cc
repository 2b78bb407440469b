// LINK: nanospan_wire nanospan_wire_json
//
// protobuf to JSON: whatever validates can be written, and what was written our own reader reads back to the same JSON.
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

void check(const MessageSchema& request, OtlpJsonReader& reader, std::string_view bytes) {
  std::string json;
  const bool written = nanospan::wire::append_json(request, bytes, json).ok();
  require(written == nanospan::wire::validate(request, bytes).ok());
  if (!written) return;
  const auto read = [&](std::string_view document) {
    const nanospan::Result<OtlpJsonReader::Message> read_back = reader.read(request, document);
    require(read_back.ok());
    return std::string(read_back->bytes);
  };
  const std::string back = read(json);
  require(nanospan::wire::validate(request, back).ok());
  // The first pass may drop zeros that the sender wrote out; after it nothing changes any more.
  std::string json_again;
  require(nanospan::wire::append_json(request, back, json_again).ok());
  require(read(json_again) == back);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static OtlpJsonReader reader;
  for (const MessageSchema* const request : nanospan::fuzz::kRequests) {
    check(*request, reader, {reinterpret_cast<const char*>(data), size});
  }
  return 0;
}

// LINK: nanospan_wire nanospan_wire_json
//
// JSON to protobuf: what is accepted validates, and is stable once it went through our writer; what is refused leaves
// the output as it was.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/json_reader/otlp_json_in.h"
#include "wire/otlp_json_out.h"
#include "wire/validate.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static nanospan::wire::OtlpJsonReader reader;
  std::string bytes = "before";
  if (!reader.read_traces({reinterpret_cast<const char*>(data), size}, bytes).ok()) {
    require(bytes == "before");
    return 0;
  }
  bytes.erase(0, 6);
  require(bytes.size() <= size);  // OtlpJsonReader::working_bytes() counts on it.
  require(nanospan::wire::validate_traces(bytes).ok());
  std::string json;
  require(nanospan::wire::append_traces_json(bytes, json).ok());
  std::string canonical;
  require(reader.read_traces(json, canonical).ok());
  std::string json_again;
  require(nanospan::wire::append_traces_json(canonical, json_again).ok());
  require(json_again == json);
  return 0;
}

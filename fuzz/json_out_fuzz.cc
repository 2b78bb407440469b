// LINK: nanospan_wire nanospan_wire_json
//
// protobuf to JSON: whatever validates can be written, and what was written our own reader reads back to the same JSON.
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
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string json;
  const bool written = nanospan::wire::append_traces_json(bytes, json).ok();
  require(written == nanospan::wire::validate_traces(bytes).ok());
  if (!written) return 0;
  std::string back;
  require(reader.read_traces(json, back).ok());
  require(nanospan::wire::validate_traces(back).ok());
  // The first pass may drop zeros that the sender wrote out; after it nothing changes any more.
  std::string json_again;
  require(nanospan::wire::append_traces_json(back, json_again).ok());
  std::string back_again;
  require(reader.read_traces(json_again, back_again).ok());
  require(back_again == back);
  return 0;
}

// LINK: nanospan_wire nanospan_wire_json simdjson::simdjson
//
// JSON to protobuf: what is accepted validates, and is stable once it went through our writer. What is JSON and what is
// not, simdjson judges, whose parser shares nothing with ours.
#define SIMDJSON_EXCEPTIONS 0
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <simdjson.h>
#pragma GCC diagnostic pop

#include <array>
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

using nanospan::Result;
using nanospan::wire::FieldSchema;
using nanospan::wire::MessageSchema;
using nanospan::wire::OtlpJsonReader;
using nanospan::wire::WalkCounts;

void require(bool condition) {
  if (!condition) std::abort();
}

bool same(const WalkCounts& a, const WalkCounts& b) {
  return a.resources == b.resources && a.scopes == b.scopes && a.items == b.items;
}

// Much is read in a shorter way where text follows: white space behind a document shows whether both ways do the same.
void check_short_ways(const MessageSchema& request, OtlpJsonReader& reader, std::string_view document,
                      const std::string& bytes, bool accepted) {
  const std::string longer = std::string(document) + std::string(100, ' ');
  const Result<OtlpJsonReader::Message> read = reader.read(request, longer);
  require(read.ok() == accepted && (!accepted || read->bytes == bytes));
}

void check(const MessageSchema& request, OtlpJsonReader& reader, std::string_view document) {
  const Result<OtlpJsonReader::Message> read = reader.read(request, document);
  const bool accepted = read.ok();
  const std::string bytes(accepted ? read->bytes : std::string_view());
  const WalkCounts counts = accepted ? read->counts : WalkCounts{};
  check_short_ways(request, reader, document, bytes, accepted);
  if (!accepted) return;
  require(bytes.size() <= OtlpJsonReader::output_bytes_max(document));
  const nanospan::wire::WalkResult walk = nanospan::wire::validate(request, bytes);
  require(walk.ok() && same(walk.counts, counts));
  std::string json;
  require(nanospan::wire::append_json(request, bytes, json).ok());
  const Result<OtlpJsonReader::Message> canonical = reader.read(request, json);
  require(canonical.ok());
  std::string json_again;
  require(nanospan::wire::append_json(request, canonical->bytes, json_again).ok());
  require(json_again == json);
}

// As a member of a message that has no fields, any JSON is accepted, and nothing else.
void check_grammar(OtlpJsonReader& reader, simdjson::dom::parser& judge, std::string_view document) {
  static constexpr std::array<FieldSchema, 1> kNoFields{};
  static constexpr MessageSchema kNothing{"Nothing", kNoFields};
  const std::string unknown = "{\"?\":" + std::string(document) + "}";
  const bool accepted = reader.read(kNothing, unknown).ok();
  switch (judge.parse(unknown).error()) {
    case simdjson::SUCCESS:
      // simdjson takes the second half of a surrogate pair alone, and may nest deeper.
      return require(accepted || unknown.find("\\u") != std::string::npos || unknown.size() > 2 * 500);
    case simdjson::NUMBER_ERROR:  // Also of numbers that fit no double; we read only those that we know.
    case simdjson::DEPTH_ERROR:
      return;
    default:
      return require(!accepted);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static OtlpJsonReader reader;
  static simdjson::dom::parser judge;
  const std::string_view document(reinterpret_cast<const char*>(data), size);
  for (const MessageSchema* const request : nanospan::fuzz::kRequests) check(*request, reader, document);
  check_grammar(reader, judge, document);
  return 0;
}

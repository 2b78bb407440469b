// LINK: nanospan_wire
//
// Reads arbitrary bytes as nested messages of nothing but the wire format: no read outside the input
// (AddressSanitizer), faults inside it, and what the validating walk accepts the reader reads to its end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/reader.h"
#include "wire/validate.h"

namespace {

using nanospan::wire::Reader;
using nanospan::wire::WireType;

void require(bool condition) {
  if (!condition) std::abort();
}

// Each byte is read once a level at most, and levels are bounded.
std::uint64_t read_all(Reader reader, std::size_t size) {
  std::uint64_t sum = 0;
  while (reader.next()) {
    require(reader.field() != 0 && reader.offset() <= size);
    require(!reader.raw_field().empty());
    switch (reader.type()) {
      case WireType::kVarint:
        sum += reader.varint();
        break;
      case WireType::kFixed32:
        sum += reader.fixed32();
        break;
      case WireType::kFixed64:
        sum += reader.fixed64();
        break;
      default:
        for (const char byte : reader.bytes()) sum += static_cast<std::uint8_t>(byte);
        sum += read_all(reader.message(), size);
        break;
    }
  }
  require(reader.ok() || reader.fault().offset <= size);
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::uint64_t sum = read_all(Reader(data, size), size);
  require(sum == read_all(Reader(data, size), size));

  if (nanospan::wire::validate_traces(data, size).ok()) {
    Reader reader(data, size);
    while (reader.next()) {
    }
    require(reader.ok());
  }
  return 0;
}

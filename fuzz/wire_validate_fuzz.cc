// LINK: nanospan_wire nanospan_oracle
//
// The validating walk against libprotobuf: where libprotobuf refuses, so do we; where we accept, so does it. (Where we
// refuse and it does not, another receiver is stricter: tests/golden/validate_differential_test.cc lists those points.)
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tests/golden/oracle.h"
#include "wire/validate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const nanospan::wire::WalkResult walked = nanospan::wire::validate_traces(data, size);
  if (walked.fault.offset > size) std::abort();
  const nanospan::golden::Oracle* const oracle = nanospan::golden::Oracle::get();
  if (oracle == nullptr || !walked.ok()) return 0;  // Without the schema this still looks for crashes.
  if (!oracle->parses(nanospan::golden::kTraceRequest, {reinterpret_cast<const char*>(data), size})) std::abort();
  return 0;
}

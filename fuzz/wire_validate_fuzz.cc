// LINK: nanospan_wire nanospan_oracle
//
// The validating walk against libprotobuf: where libprotobuf refuses, so do we; where we accept, so does it. (Where we
// refuse and it does not, another receiver is stricter: tests/golden/validate_differential_test.cc lists those points.)
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "fuzz/otlp_requests.h"
#include "tests/golden/oracle.h"
#include "wire/validate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using nanospan::golden::Oracle;
  const Oracle* const oracle = Oracle::get();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const nanospan::wire::MessageSchema* const request : nanospan::fuzz::kRequests) {
    const nanospan::wire::WalkResult walked = nanospan::wire::validate(*request, bytes);
    if (walked.fault.offset > size) std::abort();
    if (oracle == nullptr || !walked.ok()) continue;  // Without the schema this still looks for crashes.
    if (!oracle->parses(request->full_name, bytes)) std::abort();
  }
  const auto profiles = nanospan::wire::validate(nanospan::wire::schema::kExportProfilesServiceRequest, bytes);
  if (profiles.fault.offset > size) std::abort();
  return 0;
}

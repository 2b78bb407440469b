// The text of `go test -bench`: https://go.dev/design/14313-benchmark-format. Lines that are no results are passed
// over.
#pragma once

#include "compare/read_results.h"

namespace nanospan::compare {

Status read_go(const Input& input, Results& results);

}  // namespace nanospan::compare

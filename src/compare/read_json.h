// The JSON forms of read_results.h: Google Benchmark's and our own reports.
#pragma once

#include "compare/read_results.h"

namespace nanospan::compare {

Status read_json(const Input& input, Results& results);

}  // namespace nanospan::compare

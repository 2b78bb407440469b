// Several producing threads on one pipeline, and what each span costs in CPU.
#pragma once

#include <cstdint>

#include "bench/stage.h"

namespace nanospan::bench {

/// CPU a span, ns, and the wall rate of all threads together.
struct Production {
  double making = 0;     ///< Of the producers, making spans: without their waiting.
  double exporting = 0;  ///< Of the export thread.
  double spans_per_second = 0;
};
/// `threads` producers, pinned to one processor each as far as they go, make `spans` of W4 each and go easy where the
/// pipeline is behind, so that nothing is lost.
Production produce(Pipeline& pipeline, int threads, std::uint64_t spans);

}  // namespace nanospan::bench

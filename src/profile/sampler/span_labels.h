// What the interrupted thread's spans say: trace and span id of the current one, its name, and the nearest http.route.
//
// Reads the SDK's thread-local state (include/nanospan/detail/abi.h) from within the signal handler, so that making a
// span current costs nothing more than it did (docs/decisions/0302). Async-signal-safe: the thread that is interrupted
// owns what is read. Slabs stay mapped for the life of the process; one that another thread is just changing yields
// stale or broken text, never a fault. The thread's state must be of this layout revision.
#pragma once

#include "profile/sampler/sample.h"

namespace nanospan::profile {

void read_span_labels(SpanLabels& labels);

}  // namespace nanospan::profile

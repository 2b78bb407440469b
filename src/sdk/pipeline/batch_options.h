// The one check of BatchOptions, for start() and for processors that a program makes itself.
#pragma once

#include <nanospan/result.h>
#include <nanospan/span_processor.h>

namespace nanospan::sdk {

/// kInvalidArgument, with the name of the option, for a 0 with which nothing could be exported. (A batch larger than
/// the queue is no error here: its default is above many a queue, and who knows what was given says so.)
Status check(const BatchOptions& options);

}  // namespace nanospan::sdk

// The process context: the resource, in memory that profilers of other processes find by its name.
//
// Source: OTEP 4719, "Process Context"; opentelemetry/proto/processcontext/v1development. /proc/PID/maps lists a
// mapping of the memfd OTEL_CTX, which begins with
//
//   0            8            12               16                     24
//   "OTEL_CTX"   version 2    payload's size   published, unix ns     address of the payload: a ProcessContext
//
// One in a process; a child of fork has none until it publishes its own. Not thread-safe: callers hold the lock of all
// providers.
#pragma once

#include <string>

namespace nanospan::sdk {

/// Publishes `payload`, in place of what was. False if the system gives no memory for it: readers find nothing then.
bool publish_process_context(std::string payload);

}  // namespace nanospan::sdk

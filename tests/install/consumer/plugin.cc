// An instrumented library: public headers, no SDK. Its span must become a child of the program's current span.
#include <nanospan/nanospan.h>

#include <cstring>

/// Starts a span; writes the 16 bytes of its trace id; says whether it records.
extern "C" [[gnu::visibility("default")]] bool plugin_trace_id(unsigned char* trace_id) {
  static auto tracer = nanospan::tracer("plugin");
  auto span = tracer.start_span("inside the plugin");
  std::memcpy(trace_id, span.context().trace_id().data(), 16);
  return span.is_recording();
}

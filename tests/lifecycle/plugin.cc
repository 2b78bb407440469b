// An instrumented library that is opened with dlopen: public headers, compiled without exceptions and RTTI, linked to
// nothing of ours.
#include <cstring>

#include <nanospan/nanospan.h>

/// Ends a span within the current context, in all ways that take the inlined and the checked paths. Writes its trace id
/// and says whether it recorded.
extern "C" [[gnu::visibility("default")]] bool plugin_run(unsigned char* trace_id) {
  static auto tracer = nanospan::tracer("plugin");
  auto outer = tracer.start_span("outer");
  const nanospan::Scope scope(outer);
  nanospan::current_span().set("from", "plugin");
  auto inner = tracer.start_span("inner", {.attributes = {{"a", 1}, {"b", "text"}}});
  inner.set("key", 1).set("key", 2.5).set("bytes", true).add_event("event").add_link(outer.context());
  inner.record_exception("Type", "message", "stack", {{"a", 1}}).set_status(nanospan::StatusCode::kError, "why");
  std::memcpy(trace_id, inner.context().trace_id().data(), 16);
  return outer.is_recording() && inner.is_recording();
}

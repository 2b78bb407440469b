// The thread-local symbol by which profilers of other processes find the span that is current on a thread.
//
// Source: OTEP 4947, "Thread Context". `otel_thread_ctx_v1` is nanospan_thread_r1.current under another name: what it
// points at, the SpanContext of the innermost Scope, has the layout of a record. So publishing costs nothing
// (docs/decisions/0306). Thread-safe.
#pragma once

namespace nanospan::sdk {

/// False if the two names are two variables here: the program exports its own copy of nanospan_thread_r1 over that of
/// a shared SDK, or another publisher has the symbol. Then readers find no spans of ours.
bool thread_record_is_ours();

}  // namespace nanospan::sdk

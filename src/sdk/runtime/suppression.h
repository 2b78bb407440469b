// Whether spans of this thread must not record: Nanospan's own threads, and code under SuppressTracing.
#pragma once

namespace nanospan::sdk {

bool tracing_suppressed();

}  // namespace nanospan::sdk

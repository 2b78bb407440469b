// Defines nanospan_thread_r1 once strongly, so that the alias names the variable that everybody uses. module.cmake
// takes gnu::weak off for this file: a shared build includes the headers before the first line here.
#include "sdk/runtime/thread_record.h"

#include <nanospan/context.h>
#include <nanospan/detail/abi.h>

#include <cstddef>
#include <type_traits>

// Weak: where the program has a publisher of its own, that one's.
extern "C" {
[[gnu::weak, gnu::alias("nanospan_thread_r1"), gnu::visibility("default"),
  gnu::tls_model("initial-exec")]] extern __thread const void* otel_thread_ctx_v1;
}

namespace nanospan::sdk {

static_assert(offsetof(detail::ThreadLocals, current) == 0);
static_assert(std::is_standard_layout_v<Context>, "a Context begins with its SpanContext");

bool thread_record_is_ours() {
  // The compiler knows that an alias has the address of what it names; the linker may know better.
  const void* volatile record = &otel_thread_ctx_v1;
  const void* volatile ours = &nanospan_thread_r1.current;
  return record == ours;
}

}  // namespace nanospan::sdk

// Publishes the table, and warns of code that was built with another layout revision. Thread-safe.
#include "sdk/trace/api.h"

#include <atomic>
#include <exception>
#include <string>

#include "sdk/diagnostics.h"
#include "sdk/propagation/global.h"
#include "sdk/trace/lifecycle.h"
#include "sdk/trace/slab.h"

namespace nanospan {
namespace sdk {
namespace {

void report_line(std::string_view component, std::string_view message) { report(component, message); }

constinit const detail::Api kApi = {
    .layout = detail::kLayout,
    .start = &start_span,
    .end = &end_span,
    .set = &set_attribute,
    .add_event = &add_event,
    .add_link = &add_link,
    .set_status = &set_status,
    .update_name = &update_name,
    .share = &share,
    .hold = &hold_span,
    .release = &release_span,
    .enabled = &tracer_enabled,
    .propagator = &guarded_propagator,
    .report = &report_line,
};

// DESIGN decision 2: once for each revision.
void warn_of(std::uint32_t other) {
  static std::atomic<std::uint64_t> warned{0};
  const std::uint64_t bit = std::uint64_t{1} << other % 64;
  if ((warned.fetch_or(bit, std::memory_order_relaxed) & bit) != 0) return;
  try {
    const std::string numbers = std::to_string(other) + " while this SDK has " + std::to_string(detail::kLayout);
    report("api", numbers,
           "a library was built with Nanospan headers of layout revision " + numbers +
               ": its spans go nowhere; rebuild it with the headers of this version");
  } catch (const std::exception&) {  // no memory for the numbers
    report("api", "a library was built with Nanospan headers of another version: its spans go nowhere; rebuild it");
  }
}

}  // namespace

void install_api() {
  detail::LayoutRegistry& layouts = nanospan_layouts;
  nanospan_api_r1.store(&kApi, std::memory_order_release);
  std::uint32_t none = 0;
  if (layouts.sdk.compare_exchange_strong(none, detail::kLayout)) {
    layouts.mismatch.store(&warn_of, std::memory_order_release);
  } else if (none != detail::kLayout) {
    warn_of(none);  // a second SDK, with users of its own
  }
  const std::uint64_t used = layouts.used.load(std::memory_order_relaxed);
  for (std::uint32_t other = 0; other < 64; ++other) {
    if (other != detail::kLayout && (used >> other & 1) != 0) warn_of(other);
  }
}

}  // namespace sdk
}  // namespace nanospan

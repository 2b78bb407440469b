#include "sdk/trace/api.h"

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
    .propagator = &propagator,
    .report = &report_line,
};

}  // namespace

void install_api() { nanospan_api_r1.store(&kApi, std::memory_order_release); }

}  // namespace sdk
}  // namespace nanospan

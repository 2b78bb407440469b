// The start and end of spans that the inlined path leaves to the library. Entries of the Api table.
#pragma once

#include <cstdint>
#include <string_view>

#include <nanospan/tracer.h>

namespace nanospan::sdk {

void start_span(detail::TracerIdentity& identity, std::string_view name, const StartOptions& options,
                detail::Slab** slab, SpanContext* context);
void end_span(detail::Slab* slab, std::uint64_t generation, std::uint64_t end_unix_nanos);
void hold_span(detail::Slab* slab, std::uint64_t generation);
void release_span(detail::Slab* slab, std::uint64_t generation);
bool tracer_enabled(detail::TracerIdentity& identity);

/// In a forked child: what its parent had inherited does not count here.
void forget_inherited_spans();

}  // namespace nanospan::sdk

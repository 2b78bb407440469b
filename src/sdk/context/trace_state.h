// The grammar of the W3C tracestate, for TraceState itself and for those who read one member of it.
//
//   list   = member *31( OWS "," OWS member )        at most 32 members; empty members do not count
//   member = key "=" value
//   key    = ( a-z / 0-9 ) 0*255( a-z / 0-9 / "_" / "-" / "*" / "/" / "@" )
//   value  = 1*256 printable ASCII except "," and "="; no space at its end
//
// Pure functions. Source: W3C Trace Context Level 2, 3.3.1.3 (grammar), 3.3.1.5 "tracestate Limits".
#pragma once

#include <string>
#include <string_view>

namespace nanospan::sdk {

inline constexpr std::size_t kTraceStateKeyMax = 256;
inline constexpr std::size_t kTraceStateValueMax = 256;

bool is_trace_state_key(std::string_view key);
bool is_trace_state_value(std::string_view value);

/// `header` (canonical, as TraceState::header() gives it) cut down to `size_max` characters by whole members: first
/// those of more than 128 characters, then the rest, each from the end. Source: "tracestate Limits".
std::string truncated_trace_state(std::string_view header, std::size_t size_max);

}  // namespace nanospan::sdk

// SamplingTraceState: a W3C tracestate with its "ot" member taken apart, as samplers read and change it:
//
//   ot=th:c;rv:0123456789abcd;x:1,vendor=abc
//
// Refers to the text that it was parsed from. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nanospan::gateway {

struct SamplingTraceState {
  std::optional<std::uint64_t> threshold;   ///< "th"
  std::optional<std::uint64_t> randomness;  ///< "rv"
  std::vector<std::string_view> other_ot;   ///< "x:1": other parts of the "ot" member.
  std::vector<std::string_view> others;     ///< "vendor=abc": other members.

  /// "ot" first, rv before th. Empty if there is nothing. Within the limits that parsing has: of what no longer fits
  /// the end is left out (W3C trace context, 3.3.1.5; trace/tracestate-handling.md "MUST NOT exceed 256 characters").
  std::string text() const;
};

/// Nothing if `text` breaks the grammar of W3C or of OpenTelemetry, or one of their limits.
std::optional<SamplingTraceState> parse_sampling_trace_state(std::string_view text);

}  // namespace nanospan::gateway

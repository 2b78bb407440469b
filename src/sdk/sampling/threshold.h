// The 56-bit rule of consistent sampling: a trace is sampled iff its randomness R is at least the threshold T.
//
//   R = the low 56 bits of the trace id          T = round((1 - probability) * 2^56);  2^56 = never
//
// Every service that uses the same probability decides alike, and a higher one keeps all that a lower one keeps. Pure
// functions. Source: trace/tracestate-probability-sampling.md "Sampling Decision"; W3C Level 2 "Random Trace ID Flag".
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include <nanospan/tracer.h>

namespace nanospan::sdk {

inline constexpr std::uint64_t kAlways = 0;
inline constexpr std::uint64_t kNever = std::uint64_t{1} << 56;

/// REQUIRES nothing: below 0 and not a number count as 0, above 1 as 1.
inline std::uint64_t sampling_threshold(double probability) {
  if (!(probability > 0)) return kNever;
  if (probability >= 1) return kAlways;
  // Not round((1 - p) * 2^56): 1 - p would lose the low bits of a small p, and p = 2^-56 its only one.
  return kNever - static_cast<std::uint64_t>(std::llround(std::ldexp(probability, 56)));
}

/// Whether it lets some traces pass and not others.
constexpr bool is_ratio(std::uint64_t threshold) { return threshold != kAlways && threshold != kNever; }

/// trace/sdk.md "TraceIdRatioBased": to be said where it decides for a span that has a parent.
void warn_of_ratio_for_child();

inline std::uint64_t sampling_randomness(const TraceId& trace_id) {
  std::uint64_t low_word = 0;
  std::memcpy(&low_word, trace_id.data() + 8, sizeof low_word);
  return detail::sampling_bits(low_word);
}

}  // namespace nanospan::sdk

// Probabilities as the specification's thresholds (trace/tracestate-probability-sampling.md): numbers of 56 bits, of
// which a trace is kept whose randomness is not below them. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nanospan::gateway {

inline constexpr unsigned kThresholdDigits = 14;           ///< Hex digits of 56 bits.
inline constexpr std::uint64_t kNeverSample = 1ULL << 56;  ///< No randomness is as large.
inline constexpr std::uint64_t kAlwaysSample = 0;
inline constexpr double kProbabilityMin = 1.0 / static_cast<double>(kNeverSample);

/// The threshold with `digits` (1 to 14) significant hex digits, without leading 0 and F, as the Collector rounds:
/// kNeverSample below kProbabilityMin.
std::uint64_t threshold_of(double probability, unsigned digits);
double probability_of(std::uint64_t threshold);

/// Keeps the share of traces that the Collector's hash_seed mode keeps: of 2^14 buckets.
std::uint64_t hash_threshold_of(float percentage);
/// The randomness of that mode: FNV-1a of seed and trace id (or what else), its low 14 bits leading, reversed.
std::uint64_t hashed_randomness(std::string_view bytes, std::uint32_t seed);
/// The W3C randomness: the last 7 bytes. REQUIRES: 16 bytes.
std::uint64_t trace_id_randomness(std::string_view trace_id);

/// "th" values: trailing zeros are left out.
std::string threshold_text(std::uint64_t threshold);
Result<std::uint64_t> parse_threshold(std::string_view text);
/// "rv" values: exactly 14 digits.
std::string randomness_text(std::uint64_t randomness);
Result<std::uint64_t> parse_randomness(std::string_view text);

}  // namespace nanospan::gateway

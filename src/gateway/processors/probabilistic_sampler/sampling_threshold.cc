// Arithmetic of thresholds. Every rounding here is the Collector's (pkg/sampling/probability.go, threshold.go;
// processor/probabilisticsamplerprocessor/sampler_mode.go), so that a fleet of both keeps the same traces.
#include "gateway/processors/probabilistic_sampler/sampling_threshold.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace nanospan::gateway {
namespace {

constexpr std::uint32_t kBuckets = 0x4000;

Result<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (failed != std::errc() || end != text.data() + text.size()) {
    return Error{ErrorCode::kMalformed, "not a hexadecimal number"};
  }
  return value;
}

}  // namespace

std::uint64_t threshold_of(double probability, unsigned digits) {
  if (probability < kProbabilityMin) return kNeverSample;
  if (probability >= 1) return kAlwaysSample;
  // Leading digits 0 and F do not count as significant: as many more as the smaller of both parts is small.
  int kept_exponent = 0, rejected_exponent = 0;  // 0 or below
  std::frexp(probability, &kept_exponent);
  std::frexp(1 - probability, &rejected_exponent);
  const auto leading = static_cast<unsigned>(std::max(-kept_exponent, -rejected_exponent) / 4);
  digits = std::min(kThresholdDigits, digits + leading);
  const auto kept = static_cast<std::uint64_t>(std::round(probability * static_cast<double>(kNeverSample)));
  const unsigned shift = 4 * (kThresholdDigits - digits);
  const std::uint64_t half = shift == 0 ? 0 : 1ULL << (shift - 1);
  return ((kNeverSample - kept + half) >> shift) << shift;
}

double probability_of(std::uint64_t threshold) {
  return static_cast<double>(kNeverSample - threshold) / static_cast<double>(kNeverSample);
}

std::uint64_t hash_threshold_of(float percentage) {
  const float capped = std::min(percentage, 100.0F);
  const auto kept = static_cast<std::uint32_t>(capped * (static_cast<float>(kBuckets) / 100.0F));
  return static_cast<std::uint64_t>(kBuckets - kept) << 42;
}

std::uint64_t hashed_randomness(std::string_view bytes, std::uint32_t seed) {
  std::uint32_t hash = 2'166'136'261U;
  const auto mix = [&hash](std::uint8_t byte) { hash = (hash ^ byte) * 16'777'619U; };
  for (unsigned i = 0; i < 4; ++i) mix(static_cast<std::uint8_t>(seed >> (8 * i)));
  for (const char byte : bytes) mix(static_cast<std::uint8_t>(byte));
  const std::uint64_t bucket = hash & (kBuckets - 1);
  const std::uint64_t unused = hash >> 18;
  const std::uint64_t mixed = unused ^ (unused << 10);
  return (kBuckets - 1 - bucket) << 42 | mixed << 14 | bucket;
}

std::uint64_t trace_id_randomness(std::string_view trace_id) {
  std::uint64_t value = 0;
  for (const char byte : trace_id.substr(9, 7)) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

std::string randomness_text(std::uint64_t randomness) {
  std::string text(kThresholdDigits, '0');
  for (std::size_t i = kThresholdDigits; i-- > 0; randomness >>= 4) text[i] = "0123456789abcdef"[randomness & 15];
  return text;
}

std::string threshold_text(std::uint64_t threshold) {
  std::string text = randomness_text(threshold);
  text.resize(text.find_last_not_of('0') + 1);
  return text.empty() ? "0" : text;
}

Result<std::uint64_t> parse_threshold(std::string_view text) {
  if (text.empty() || text.size() > kThresholdDigits) {
    return Error{ErrorCode::kMalformed, "a threshold has 1 to 14 digits"};
  }
  Result<std::uint64_t> value = parse_hex(text);
  if (!value) return value;
  return *value << (4 * (kThresholdDigits - text.size()));
}

Result<std::uint64_t> parse_randomness(std::string_view text) {
  if (text.size() != kThresholdDigits) return Error{ErrorCode::kMalformed, "randomness has 14 digits"};
  return parse_hex(text);
}

}  // namespace nanospan::gateway

// Reads the `probabilistic_sampler` processor's keys. One thread.
#include "gateway/processors/probabilistic_sampler/probabilistic_sampler_config.h"

#include "gateway/processors/probabilistic_sampler/sampling_threshold.h"

namespace nanospan::gateway {

ProbabilisticSamplerConfig read_probabilistic_sampler_config(MapReader& reader) {
  ProbabilisticSamplerConfig config;
  double percentage = 0;
  reader.read("sampling_percentage", percentage, 0, 1e30);
  config.percentage = static_cast<float>(percentage);
  if (percentage > 0 && percentage / 100 < kProbabilityMin) {
    reader.fail("sampling_percentage", "is too small to be represented; the smallest is 1.39e-15");
  }
  std::uint64_t seed = 0;
  reader.read("hash_seed", seed, 0, 0xFFFF'FFFF);
  config.hash_seed = static_cast<std::uint32_t>(seed);
  std::string mode = "hash_seed";
  reader.read_choice("mode", {"hash_seed", "equalizing", "proportional"}, mode);
  config.mode = mode == "hash_seed"    ? SamplerMode::kHashSeed
                : mode == "equalizing" ? SamplerMode::kEqualizing
                                       : SamplerMode::kProportional;
  reader.read("fail_closed", config.fail_closed);
  std::uint64_t precision = config.precision;
  reader.read("sampling_precision", precision, 1, kThresholdDigits);
  config.precision = static_cast<unsigned>(precision);
  std::string source = "traceID";
  reader.read_choice("attribute_source", {"traceID", "record"}, source);
  config.logs_by_trace_id = source == "traceID";
  reader.read("from_attribute", config.from_attribute);
  reader.read("sampling_priority", config.sampling_priority);
  reader.finish();
  return config;
}

void check_probabilistic_sampler_config(MapReader& reader, Signal signal) {
  if (signal == Signal::kTraces) {
    for (const std::string_view key : {"attribute_source", "from_attribute", "sampling_priority"}) {
      reader.warn(key, "has no effect in pipelines of traces: it is about logs");
    }
    return;
  }
  const ConfigNode* const mode = reader.node("mode");
  if (mode == nullptr || (mode->as_string() != "equalizing" && mode->as_string() != "proportional")) return;
  for (const std::string_view key : {"attribute_source", "from_attribute"}) {
    reader.warn(key, "has no effect in mode " + mode->as_string() + ", which hashes nothing; hash_seed does");
  }
}

}  // namespace nanospan::gateway

// ProbabilisticSamplerConfig: the `probabilistic_sampler` processor's keys
// (processor/probabilisticsamplerprocessor/README.md). A plain value.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/config/map_reader.h"
#include "gateway/pipeline/signal.h"

namespace nanospan::gateway {

enum class SamplerMode { kHashSeed, kEqualizing, kProportional };

struct ProbabilisticSamplerConfig {
  float percentage =
      0;  ///< sampling_percentage: single precision, as in the Collector, so that decisions are the same.
  std::uint32_t hash_seed = 0;
  SamplerMode mode = SamplerMode::kHashSeed;
  bool fail_closed = true;  ///< What has no usable randomness: drop it (true) or keep it.
  unsigned precision = 4;   ///< sampling_precision: hex digits of the threshold.
  // Of logs only.
  bool logs_by_trace_id = true;   ///< attribute_source: traceID; record: from_attribute alone, in the mode hash_seed.
  std::string from_attribute;     ///< What is hashed where there is no trace id.
  std::string sampling_priority;  ///< An attribute with the percentage at which a record is kept.
};

ProbabilisticSamplerConfig read_probabilistic_sampler_config(MapReader& reader);
/// Warns about keys that do nothing in a pipeline of `signal`; the Collector accepts them silently.
void check_probabilistic_sampler_config(MapReader& reader, Signal signal);

}  // namespace nanospan::gateway

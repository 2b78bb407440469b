// ProbabilisticSamplerConfig: the `probabilistic_sampler` processor's keys
// (processor/probabilisticsamplerprocessor/README.md). A plain value.
#pragma once

#include <cstdint>

#include "gateway/config/map_reader.h"

namespace nanospan::gateway {

enum class SamplerMode { kHashSeed, kEqualizing, kProportional };

struct ProbabilisticSamplerConfig {
  float percentage =
      0;  ///< sampling_percentage: single precision, as in the Collector, so that decisions are the same.
  std::uint32_t hash_seed = 0;
  SamplerMode mode = SamplerMode::kProportional;  ///< Unset: hash_seed if there is a seed.
  bool fail_closed = true;                        ///< Spans without usable randomness: drop them (true) or keep them.
  unsigned precision = 4;                         ///< sampling_precision: hex digits of the threshold.
};

ProbabilisticSamplerConfig read_probabilistic_sampler_config(MapReader& reader);

}  // namespace nanospan::gateway

// ProbabilisticSampler: keeps a share of the traces, or of the log records, the same ones wherever it is asked.
//
//   hash_seed      FNV of seed and trace id against a threshold of 14 bits; of log records also of an attribute
//   equalizing     the threshold, at least: traces that were thinned more before stay as they are
//   proportional   the share of what arrives, whatever was left out before
//
// Decisions and what is written to what is kept, from which backends count up, are the Collector's, bit by bit: the
// tracestate of spans ("ot=th:..."), the attributes sampling.threshold and sampling.randomness of log records. Of spans
// the attribute sampling.priority overrides: 0 drops, more keeps; of log records one that is configured, a percentage.
// What is left out is counted and was accepted: its sender has nothing to send again. Thread-safe.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "gateway/pipeline/request_builder.h"
#include "gateway/processors/attribute_list.h"
#include "gateway/processors/probabilistic_sampler/probabilistic_sampler_config.h"
#include "gateway/processors/probabilistic_sampler/sampling_trace_state.h"
#include "gateway/processors/rewriting_processor.h"

namespace nanospan::gateway {

class ProbabilisticSampler final : public RewritingProcessor {
 public:
  ProbabilisticSampler(const ProbabilisticSamplerConfig& config, const std::string& name, Signal signal, Host& host,
                       Consumer& next);
  std::string describe() const override;

 protected:
  Rewritten rewrite(const Batch& batch, net::ByteBlock& out, SpanCounts& counts) override;

 private:
  /// Why an item was kept or not, as the Collector labels it. kAttributeHash has the attribute's name.
  enum Policy {
    kTraceIdHash,
    kTraceIdW3c,
    kSamplingRandomness,
    kSamplingPriority,
    kMissingRandomness,
    kAttributeHash,
    kPolicies
  };
  /// What of a span or log record decides.
  struct Facts {
    std::optional<std::uint64_t> randomness;  // of its trace id, or attribute, as the mode makes it
    Policy policy = kMissingRandomness;       // by which that is
    std::optional<std::uint64_t> priority;    // the threshold that overrides
  };
  struct Decision {
    bool keep = false;
    Policy policy = kMissingRandomness;
    bool state_changed = false;
  };
  using Seen = std::array<std::array<std::uint64_t, 2>, kPolicies>;
  class Pass;

  void set_trace_id(Facts& facts, std::string_view trace_id) const;
  Decision decide(const Facts& facts, std::optional<SamplingTraceState>& state) const;
  std::uint64_t threshold_for(const SamplingTraceState& state) const;

  const ProbabilisticSamplerConfig config_;
  const Signal signal_;
  const double ratio_;
  const std::uint64_t fixed_threshold_;  // of the modes that have one; kNeverSample: nothing but what has priority
  std::array<std::array<Metric*, 2>, kPolicies> counts_{};  // by policy, and kept or not
  std::vector<Observation> old_names_;
};

}  // namespace nanospan::gateway

// ProbabilisticSampler: keeps a share of the traces, the same ones wherever it is asked, by their ids.
//
//   hash_seed      FNV of seed and trace id against a threshold of 14 bits (what old fleets of the Collector do)
//   equalizing     the threshold, at least: traces that were thinned more before stay as they are
//   proportional   the share of what arrives, whatever was left out before
//
// Decisions and the tracestate of what is kept ("ot=th:...", from which backends count up) are the Collector's, bit by
// bit. The attribute sampling.priority overrides: 0 drops, more keeps. What is left out is counted and was accepted:
// its sender has nothing to send again. Thread-safe.
#pragma once

#include <string>

#include "gateway/pipeline/request_builder.h"
#include "gateway/processors/probabilistic_sampler/probabilistic_sampler_config.h"
#include "gateway/processors/probabilistic_sampler/sampling_trace_state.h"
#include "gateway/processors/rewriting_processor.h"

namespace nanospan::gateway {

class ProbabilisticSampler final : public RewritingProcessor {
 public:
  ProbabilisticSampler(const ProbabilisticSamplerConfig& config, const std::string& name, Host& host, Consumer& next);
  std::string describe() const override;

 protected:
  Rewritten rewrite(const Batch& batch, net::ByteBlock& out, SpanCounts& counts) override;

 private:
  /// Why a span was kept or not, as the Collector labels it.
  enum Policy { kTraceIdHash, kTraceIdW3c, kSamplingRandomness, kSamplingPriority, kMissingRandomness, kPolicies };
  enum class Priority { kNone, kKeep, kDrop };
  struct SpanFacts {
    std::string_view trace_id, trace_state;
    Priority priority = Priority::kNone;
  };
  struct Decision {
    bool keep = false;
    Policy policy = kTraceIdW3c;
    bool state_changed = false;
  };

  static SpanFacts read_span(wire::Reader span);
  static Priority priority_of(wire::Reader attribute);
  Decision decide(const SpanFacts& facts, SamplingTraceState* state) const;
  std::uint64_t threshold_for(const SamplingTraceState& state) const;
  static std::string with_trace_state(wire::Reader span, std::string_view trace_state);

  const ProbabilisticSamplerConfig config_;
  const double ratio_;
  const std::uint64_t fixed_threshold_;  // of the modes that have one
  Metric* counts_[kPolicies][2];         // by policy, and kept or not
};

}  // namespace nanospan::gateway

// Sampler: decides at the start of a span whether it records and whether it is exported.
//
// Samplers are immutable after construction and called from any thread at once. What a user's sampler throws is caught,
// reported, and counts as kDrop. Source: trace/sdk.md "Sampler", tracestate-probability-sampling.md (the 56-bit rule).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nanospan/attributes.h>
#include <nanospan/context.h>
#include <nanospan/span.h>

namespace nanospan {
inline namespace v0 {

enum class SamplingDecision : std::uint8_t {
  kDrop,             ///< Not recording, not sampled.
  kRecordOnly,       ///< Recording: processors see it. Not sampled: exporters do not.
  kRecordAndSample,  ///< Recording and exported; the sampled flag is set for children and other services.
};

/// What a sampler may look at. All views live for the call.
struct SamplingParameters {
  const Context& parent;    ///< The full parent context: span, baggage and values.
  const TraceId& trace_id;  ///< Of the span to be made.
  std::string_view name;
  SpanKind kind;
  Attributes attributes;  ///< Those given at the start.
  std::span<const Link> links;
};

struct SamplingResult {
  SamplingDecision decision = SamplingDecision::kDrop;
  AttributeList attributes = {};                         ///< Added to the span's; they win over equal keys.
  std::optional<TraceState> trace_state = std::nullopt;  ///< Replaces the parent's; nothing = keep the parent's.
};

/// A decision so regular that the inlined path can take it without a call.
struct FixedSamplingRule {
  bool follow_parent = false;   ///< A span with a parent is sampled iff the parent is.
  std::uint64_t threshold = 0;  ///< Otherwise sampled iff the low 56 bits of the trace id are >= this; 2^56 = never.
};

class Sampler {
 public:
  virtual ~Sampler() = default;
  virtual SamplingResult should_sample(const SamplingParameters& parameters) const = 0;
  /// A short text for people and configuration; may change over time, do not keep it.
  virtual std::string description() const = 0;
  /// Set if should_sample() always equals this rule, changes no tracestate and adds no attributes.
  virtual std::optional<FixedSamplingRule> fixed_rule() const { return std::nullopt; }
};

using SamplerPtr = std::shared_ptr<const Sampler>;

/// Records and exports every span, whatever its parent.
SamplerPtr always_on_sampler();
/// Records none.
SamplerPtr always_off_sampler();
/// Records the share `ratio` of traces (0 to 1; outside is clamped), the same traces at every service that uses the
/// same ratio, and a superset of them at a higher one. Looks at the trace id only. Wrap it in parent_based_sampler().
SamplerPtr trace_id_ratio_sampler(double ratio);

/// The five parts of ParentBased; a null part means its default.
struct ParentBasedOptions {
  SamplerPtr root = nullptr;                       ///< No valid parent: AlwaysOn.
  SamplerPtr remote_parent_sampled = nullptr;      ///< AlwaysOn.
  SamplerPtr remote_parent_not_sampled = nullptr;  ///< AlwaysOff.
  SamplerPtr local_parent_sampled = nullptr;       ///< AlwaysOn.
  SamplerPtr local_parent_not_sampled = nullptr;   ///< AlwaysOff.
};
SamplerPtr parent_based_sampler(ParentBasedOptions options = {});

/// Turns the DROP of `root` into RECORD_ONLY, so that processors see every span; changes nothing else.
SamplerPtr always_record_sampler(SamplerPtr root);

/// One rule: all conditions that are set must hold.
struct SamplingRule {
  std::string name_glob = {};  ///< Span name; `*` and `?`. Empty = any.
  std::optional<SpanKind> kind = std::nullopt;
  std::string attribute_key = {};   ///< Must be among the start attributes. Empty = any.
  std::string attribute_glob = {};  ///< Its value, written as text. Empty = any value.
  SamplerPtr sampler = nullptr;     ///< Decides if the rule matches; null = AlwaysOff.
};
/// The first matching rule decides; `fallback` (null = AlwaysOn) if none does.
SamplerPtr rule_based_sampler(std::vector<SamplingRule> rules, SamplerPtr fallback = nullptr);

}  // namespace v0
}  // namespace nanospan

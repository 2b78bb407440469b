// The samplers that look at one thing at most: AlwaysOn, AlwaysOff, TraceIdRatioBased and AlwaysRecord.
//
// TraceIdRatioBased decides by the 56-bit rule on the trace id alone. It neither reads nor writes the `ot` member of
// tracestate (`rv`, `th`): the specification gives those to ProbabilitySampler, forbids to change the stable sampler
// before 2027, and a decision by the id alone is one that the inlined path can take (Sampler::fixed_rule). Source:
// trace/sdk.md "Built-in samplers".
#include <nanospan/sampler.h>

#include <array>
#include <atomic>
#include <charconv>
#include <utility>

#include "sdk/diagnostics.h"
#include "sdk/sampling/threshold.h"

namespace nanospan {
namespace sdk {
namespace {

class ConstantSampler final : public Sampler {
 public:
  ConstantSampler(SamplingDecision decision, const char* name) : decision_(decision), name_(name) {}

  SamplingResult should_sample(const SamplingParameters&) const override { return {.decision = decision_}; }
  std::string description() const override { return name_; }
  std::optional<FixedSamplingRule> fixed_rule() const override {
    return FixedSamplingRule{.threshold = decision_ == SamplingDecision::kDrop ? kNever : kAlways};
  }

 private:
  SamplingDecision decision_;
  const char* name_;
};

// With six decimals as the specification's example has it, more where two ratios would look alike.
std::string ratio_text(double ratio) {
  std::array<char, 400> text;
  auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), ratio, std::chars_format::fixed, 6);
  double read = 0;
  std::from_chars(text.data(), end, read);
  if (read != ratio) end = std::to_chars(text.data(), text.data() + text.size(), ratio, std::chars_format::fixed).ptr;
  return std::string(text.data(), end);
}

class TraceIdRatioSampler final : public Sampler {
 public:
  explicit TraceIdRatioSampler(double ratio)
      : ratio_(!(ratio > 0) ? 0
               : ratio > 1  ? 1
                            : ratio),
        threshold_(sampling_threshold(ratio_)) {}

  SamplingResult should_sample(const SamplingParameters& parameters) const override {
    if (is_ratio(threshold_) && parameters.parent.span_context().is_valid() &&
        !warned_.exchange(true, std::memory_order_relaxed)) {
      warn_of_ratio_for_child();
    }
    const bool sampled = sampling_randomness(parameters.trace_id) >= threshold_;
    return {.decision = sampled ? SamplingDecision::kRecordAndSample : SamplingDecision::kDrop};
  }
  std::string description() const override { return "TraceIdRatioBased{" + ratio_text(ratio_) + "}"; }
  std::optional<FixedSamplingRule> fixed_rule() const override { return FixedSamplingRule{.threshold = threshold_}; }

 private:
  double ratio_;
  std::uint64_t threshold_;
  mutable std::atomic<bool> warned_{false};
};

class AlwaysRecordSampler final : public Sampler {
 public:
  explicit AlwaysRecordSampler(SamplerPtr root) : root_(std::move(root)) {}

  SamplingResult should_sample(const SamplingParameters& parameters) const override {
    SamplingResult result = root_->should_sample(parameters);
    if (result.decision == SamplingDecision::kDrop) result.decision = SamplingDecision::kRecordOnly;
    return result;
  }
  std::string description() const override { return "AlwaysRecord{" + root_->description() + "}"; }

 private:
  SamplerPtr root_;
};

}  // namespace

void warn_of_ratio_for_child() {
  report("sampler",
         "TraceIdRatioBased decides for a span that has a parent, whatever was decided for the parent: wrap it in "
         "parent_based_sampler(), or write OTEL_TRACES_SAMPLER=parentbased_traceidratio");
}

}  // namespace sdk

inline namespace v0 {

SamplerPtr always_on_sampler() {
  return std::make_shared<sdk::ConstantSampler>(SamplingDecision::kRecordAndSample, "AlwaysOnSampler");
}

SamplerPtr always_off_sampler() {
  return std::make_shared<sdk::ConstantSampler>(SamplingDecision::kDrop, "AlwaysOffSampler");
}

SamplerPtr trace_id_ratio_sampler(double ratio) { return std::make_shared<sdk::TraceIdRatioSampler>(ratio); }

SamplerPtr always_record_sampler(SamplerPtr root) {
  return std::make_shared<sdk::AlwaysRecordSampler>(root != nullptr ? std::move(root) : always_on_sampler());
}

}  // namespace v0
}  // namespace nanospan

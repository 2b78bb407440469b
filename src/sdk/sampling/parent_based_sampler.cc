// ParentBased: who decides depends on the parent: none, remote or local, sampled or not.
//
//   parent     is_remote   sampled   decides
//   none       -           -         root
//   valid      true        true      remote_parent_sampled
//   valid      true        false     remote_parent_not_sampled
//   valid      false       true      local_parent_sampled
//   valid      false       false     local_parent_not_sampled
//
// Source: trace/sdk.md "ParentBased".
#include <nanospan/sampler.h>

#include <utility>

#include "sdk/sampling/threshold.h"

namespace nanospan {
namespace sdk {
namespace {

// Whether `part`, asked only where the parent's sampled flag is `sampled`, always answers with that flag.
bool follows(const Sampler& part, bool sampled) {
  const std::optional<FixedSamplingRule> rule = part.fixed_rule();
  return rule && (rule->follow_parent || rule->threshold == (sampled ? kAlways : kNever));
}

class ParentBasedSampler final : public Sampler {
 public:
  explicit ParentBasedSampler(ParentBasedOptions options) : parts_(std::move(options)) {
    const auto default_to = [](SamplerPtr& part, SamplerPtr (*make)()) {
      if (part == nullptr) part = make();
    };
    default_to(parts_.root, always_on_sampler);
    default_to(parts_.remote_parent_sampled, always_on_sampler);
    default_to(parts_.remote_parent_not_sampled, always_off_sampler);
    default_to(parts_.local_parent_sampled, always_on_sampler);
    default_to(parts_.local_parent_not_sampled, always_off_sampler);
  }

  SamplingResult should_sample(const SamplingParameters& parameters) const override {
    return part_for(parameters.parent.span_context()).should_sample(parameters);
  }

  std::string description() const override {
    return "ParentBased{root:" + parts_.root->description() +
           ",remoteParentSampled:" + parts_.remote_parent_sampled->description() +
           ",remoteParentNotSampled:" + parts_.remote_parent_not_sampled->description() +
           ",localParentSampled:" + parts_.local_parent_sampled->description() +
           ",localParentNotSampled:" + parts_.local_parent_not_sampled->description() + "}";
  }

  std::optional<FixedSamplingRule> fixed_rule() const override {
    // The root is asked only without a valid parent, so it matters not whether it would follow one.
    const std::optional<FixedSamplingRule> root = parts_.root->fixed_rule();
    if (!root || !follows(*parts_.remote_parent_sampled, true) || !follows(*parts_.remote_parent_not_sampled, false) ||
        !follows(*parts_.local_parent_sampled, true) || !follows(*parts_.local_parent_not_sampled, false)) {
      return std::nullopt;
    }
    return FixedSamplingRule{.follow_parent = true, .threshold = root->threshold};
  }

 private:
  const Sampler& part_for(const SpanContext& parent) const {
    if (!parent.is_valid()) return *parts_.root;
    if (parent.is_remote()) {
      return parent.is_sampled() ? *parts_.remote_parent_sampled : *parts_.remote_parent_not_sampled;
    }
    return parent.is_sampled() ? *parts_.local_parent_sampled : *parts_.local_parent_not_sampled;
  }

  ParentBasedOptions parts_;
};

}  // namespace
}  // namespace sdk

inline namespace v0 {

SamplerPtr parent_based_sampler(ParentBasedOptions options) {
  return std::make_shared<sdk::ParentBasedSampler>(std::move(options));
}

}  // namespace v0
}  // namespace nanospan

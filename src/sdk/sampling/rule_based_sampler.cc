// RuleBased: the first rule whose conditions all hold names the sampler that decides.
//
// Matching reads the views of the caller; only a value that is no text is written as text, for the glob to look at.
// Source: configuration schema "rule_based", trace/tracestate-probability-sampling.md "RuleBased" (the first match
// wins).
#include <nanospan/sampler.h>
#include <nanospan/span_view.h>

#include <utility>

#include "sdk/sampling/glob.h"
#include "sdk/trace/value_encoder.h"

namespace nanospan {
namespace sdk {
namespace {

bool value_matches(std::string_view glob, const AttributeValue& value) {
  if (value.type() == AttributeValue::Type::kString) return matches_glob(glob, value.as_string());
  const ValueLimits limits;
  std::string bytes(any_value_size(value, limits), '\0');
  auto* const data = reinterpret_cast<std::uint8_t*>(bytes.data());
  put_any_value(data, value, limits);
  return matches_glob(glob, ValueView({data, bytes.size()}).to_text());
}

bool attribute_matches(const SamplingRule& rule, const Attributes& attributes) {
  if (rule.attribute_key.empty()) return true;
  const AttributeValue* value = nullptr;
  for (const Attribute& attribute : attributes) {
    if (attribute.key == rule.attribute_key) value = &attribute.value;  // Of equal keys the last wins.
  }
  return value != nullptr && (rule.attribute_glob.empty() || value_matches(rule.attribute_glob, *value));
}

bool matches(const SamplingRule& rule, const SamplingParameters& parameters) {
  return (rule.name_glob.empty() || matches_glob(rule.name_glob, parameters.name)) &&
         (!rule.kind || *rule.kind == parameters.kind) && attribute_matches(rule, parameters.attributes);
}

class RuleBasedSampler final : public Sampler {
 public:
  RuleBasedSampler(std::vector<SamplingRule> rules, SamplerPtr fallback)
      : rules_(std::move(rules)), fallback_(fallback != nullptr ? std::move(fallback) : always_on_sampler()) {
    for (SamplingRule& rule : rules_) {
      if (rule.sampler == nullptr) rule.sampler = always_off_sampler();
    }
  }

  SamplingResult should_sample(const SamplingParameters& parameters) const override {
    for (const SamplingRule& rule : rules_) {
      if (matches(rule, parameters)) return rule.sampler->should_sample(parameters);
    }
    return fallback_->should_sample(parameters);
  }

  std::string description() const override {
    std::string text = "RuleBased{";
    for (const SamplingRule& rule : rules_) text += rule.sampler->description() + ",";
    return text + "fallback:" + fallback_->description() + "}";
  }

  std::optional<FixedSamplingRule> fixed_rule() const override {
    return rules_.empty() ? fallback_->fixed_rule() : std::nullopt;
  }

 private:
  std::vector<SamplingRule> rules_;
  SamplerPtr fallback_;
};

}  // namespace
}  // namespace sdk

inline namespace v0 {

SamplerPtr rule_based_sampler(std::vector<SamplingRule> rules, SamplerPtr fallback) {
  return std::make_shared<sdk::RuleBasedSampler>(std::move(rules), std::move(fallback));
}

}  // namespace v0
}  // namespace nanospan

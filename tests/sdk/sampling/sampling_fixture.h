// Asking samplers in tests.
#pragma once

#include <nanospan/sampler.h>

#include <string>
#include <string_view>
#include <utility>

namespace nanospan::testing {

/// A parent with these properties. Its trace id has randomness 0, the hardest to sample.
inline Context parent_context(bool sampled, bool is_remote, TraceState state = {}) {
  return Context::root().with_span_context(
      SpanContext(TraceId::from_hex("01000000000000000100000000000000"), SpanId::from_hex("00000000000000aa"),
                  sampled ? TraceFlags::kSampled : 0, is_remote, std::move(state)));
}

/// The trace id whose low 56 bits are `randomness`.
inline TraceId trace_id_of(std::uint64_t randomness) {
  std::uint8_t bytes[16] = {1};
  for (int i = 15; i > 8; --i) {
    bytes[i] = static_cast<std::uint8_t>(randomness);
    randomness >>= 8;
  }
  return TraceId::from_bytes(bytes);
}

struct Question {
  Context parent = {};
  TraceId trace_id = trace_id_of(1);
  std::string_view name = "checkout";
  SpanKind kind = SpanKind::kInternal;
  Attributes attributes = {};
};

inline SamplingResult ask(const Sampler& sampler, const Question& question = {}) {
  return sampler.should_sample({.parent = question.parent,
                                .trace_id = question.trace_id,
                                .name = question.name,
                                .kind = question.kind,
                                .attributes = question.attributes,
                                .links = {}});
}

/// Answers what it was made with, under a name.
class NamedSampler final : public Sampler {
 public:
  NamedSampler(std::string name, SamplingResult result) : name_(std::move(name)), result_(std::move(result)) {}
  SamplingResult should_sample(const SamplingParameters&) const override { return result_; }
  std::string description() const override { return name_; }

 private:
  std::string name_;
  SamplingResult result_;
};

/// A sampler that says which one it is by an attribute `who`.
inline SamplerPtr named(std::string_view name, SamplingDecision decision = SamplingDecision::kRecordAndSample) {
  SamplingResult result{.decision = decision};
  result.attributes.add("who", name);
  return std::make_shared<NamedSampler>(std::string(name), std::move(result));
}

inline std::string who(const SamplingResult& result) {
  for (const Attribute& attribute : result.attributes) {
    if (attribute.key == "who") return std::string(attribute.value.as_string());
  }
  return "";
}

}  // namespace nanospan::testing

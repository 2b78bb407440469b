// The decision about one span. Order of the rules: processor/probabilisticsamplerprocessor/probabilisticsampler.go,
// commonShouldSampleLogic. Threads: see the header.
#include "gateway/processors/probabilistic_sampler/probabilistic_sampler.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdio>

#include "gateway/processors/probabilistic_sampler/sampling_threshold.h"
#include "wire/writer.h"

namespace nanospan::gateway {
namespace {

namespace otlp = wire::otlp;
using wire::WireType;

constexpr std::string_view kPriorityKey = "sampling.priority";
constexpr std::array<std::string_view, 5> kPolicyNames = {"trace_id_hash", "trace_id_w3c", "sampling_randomness",
                                                          "sampling_priority", "missing_randomness"};

std::uint64_t fixed_threshold(const ProbabilisticSamplerConfig& config, double ratio) {
  if (config.percentage == 0) return kNeverSample;
  if (config.mode == SamplerMode::kHashSeed) return hash_threshold_of(config.percentage);
  return threshold_of(ratio, config.precision);
}

}  // namespace

ProbabilisticSampler::ProbabilisticSampler(const ProbabilisticSamplerConfig& config, const std::string& name,
                                           Host& host, Consumer& next)
    : RewritingProcessor(name, host, next),
      config_(config),
      ratio_(static_cast<double>(std::min(config.percentage, 100.0F)) / 100),
      fixed_threshold_(fixed_threshold(config, ratio_)) {
  for (std::size_t policy = 0; policy < kPolicies; ++policy) {
    for (const bool sampled : {false, true}) {
      counts_[policy][sampled] = &host.metrics().counter(
          "otelcol_processor_probabilistic_sampler_count_traces_sampled", "Spans kept or left out, by policy.",
          {{"processor", name}, {"policy", kPolicyNames[policy]}, {"sampled", sampled ? "true" : "false"}});
    }
  }
}

std::string ProbabilisticSampler::describe() const {
  std::array<char, 32> percentage{};
  std::snprintf(percentage.data(), percentage.size(), "%g %%", static_cast<double>(config_.percentage));
  return percentage.data();
}

RewritingProcessor::Rewritten ProbabilisticSampler::rewrite(const Batch& batch, net::ByteBlock& out,
                                                            SpanCounts& counts) {
  RequestBuilder builder;
  std::array<std::array<std::uint64_t, 2>, kPolicies> seen{};
  SpanVisitor visitor{[&](const wire::Reader& at_span) {
    const SpanFacts facts = read_span(at_span.message());
    std::optional<SamplingTraceState> state = parse_sampling_trace_state(facts.trace_state);
    const Decision decision = decide(facts, state ? &*state : nullptr);
    ++seen[decision.policy][decision.keep];
    if (!decision.keep) return;
    if (!decision.state_changed) return builder.add_span(at_span.raw_field());
    builder.add_new_span(with_trace_state(at_span.message(), state->text()));
  }};
  const bool written = rewrite_spans(builder, batch.bytes(), visitor, out, counts);
  for (std::size_t policy = 0; policy < kPolicies; ++policy) {
    for (const std::size_t sampled : {0U, 1U}) {
      if (seen[policy][sampled] != 0) counts_[policy][sampled]->add(seen[policy][sampled]);
    }
  }
  return written ? Rewritten::kChanged : Rewritten::kOutOfMemory;
}

ProbabilisticSampler::SpanFacts ProbabilisticSampler::read_span(wire::Reader span) {
  SpanFacts facts;
  while (span.next()) {
    if (span.type() != WireType::kBytes) continue;
    switch (span.field()) {
      case otlp::Span::kTraceId:
        facts.trace_id = span.bytes();
        break;
      case otlp::Span::kTraceState:
        facts.trace_state = span.bytes();
        break;
      case otlp::Span::kAttributes:
        // "0A 11 sampling.priority ...": keys come first in what encoders write, so most attributes cost one compare.
        if (span.bytes().size() > kPriorityKey.size() && facts.priority == Priority::kNone &&
            (span.bytes()[0] != '\x0A' || span.bytes()[1] == static_cast<char>(kPriorityKey.size()))) {
          facts.priority = priority_of(span.message());
        }
        break;
      default:
        break;
    }
  }
  return facts;
}

ProbabilisticSampler::Priority ProbabilisticSampler::priority_of(wire::Reader attribute) {
  std::string_view key;
  double value = -1;  // neither 0 nor more: no priority
  while (attribute.next()) {
    if (attribute.is(otlp::KeyValue::kKey, WireType::kBytes)) key = attribute.bytes();
    if (!attribute.is(otlp::KeyValue::kValue, WireType::kBytes)) continue;
    for (wire::Reader any = attribute.message(); any.next();) {
      if (any.is(otlp::AnyValue::kIntValue, WireType::kVarint)) {
        value = static_cast<double>(static_cast<std::int64_t>(any.varint()));
      } else if (any.is(otlp::AnyValue::kDoubleValue, WireType::kFixed64)) {
        value = any.fixed_double();
      } else if (any.is(otlp::AnyValue::kStringValue, WireType::kBytes)) {
        const std::string_view text = any.bytes();
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (failed != std::errc() || end != text.data() + text.size()) value = -1;
      }
    }
  }
  if (key != kPriorityKey || !(value >= 0)) return Priority::kNone;
  return value == 0 ? Priority::kDrop : Priority::kKeep;
}

std::uint64_t ProbabilisticSampler::threshold_for(const SamplingTraceState& state) const {
  if (config_.mode != SamplerMode::kProportional || !state.threshold || config_.percentage == 0)
    return fixed_threshold_;
  return threshold_of(probability_of(*state.threshold) * ratio_, config_.precision);
}

/// `state` is null where the tracestate is malformed; what it must become if the span is kept is put into it.
ProbabilisticSampler::Decision ProbabilisticSampler::decide(const SpanFacts& facts, SamplingTraceState* state) const {
  Decision decision;
  bool failed = state == nullptr;
  std::uint64_t randomness = kNeverSample - 1;  // passes every threshold but kNeverSample
  const bool has_id =
      facts.trace_id.size() == otlp::kTraceIdBytes && facts.trace_id.find_first_not_of('\0') != std::string_view::npos;
  if (config_.mode == SamplerMode::kHashSeed) {
    decision.policy = kTraceIdHash;
    randomness = hashed_randomness(facts.trace_id, config_.hash_seed);
    if (state != nullptr && !state->randomness && !state->threshold) {
      state->randomness = randomness;
    } else {
      failed = true;  // Someone samples consistently before: its numbers are not those of this hash.
    }
  } else if (state != nullptr && state->randomness) {
    decision.policy = kSamplingRandomness;
    randomness = *state->randomness;
  } else if (state != nullptr && has_id) {
    randomness = trace_id_randomness(facts.trace_id);
  } else {
    decision.policy = kMissingRandomness;
    failed = true;
  }
  if (!failed && state->threshold && randomness < *state->threshold) {
    state->threshold.reset();  // It should not have been kept before: its threshold is not true.
    failed = true;
  }
  std::uint64_t threshold = failed ? (config_.fail_closed ? kNeverSample : kAlwaysSample) : threshold_for(*state);
  if (facts.priority != Priority::kNone) {
    decision.policy = kSamplingPriority;
    threshold = facts.priority == Priority::kKeep ? kAlwaysSample : kNeverSample;
    randomness = kNeverSample - 1;
  }
  decision.keep = randomness >= threshold;
  // A threshold never falls: what was left out before cannot be brought back.
  if (decision.keep && state != nullptr && (!state->threshold || *state->threshold <= threshold)) {
    state->threshold = threshold;
    decision.state_changed = true;
  }
  return decision;
}

std::string ProbabilisticSampler::with_trace_state(wire::Reader span, std::string_view trace_state) {
  std::string out;
  wire::Appender to(out);
  to.bytes_field(otlp::Span::kTraceState, trace_state);
  while (span.next()) {
    if (!span.is(otlp::Span::kTraceState, WireType::kBytes)) to.raw(span.raw_field());
  }
  return out;
}

}  // namespace nanospan::gateway

// The decision about one item. Order of the rules: processor/probabilisticsamplerprocessor/sampler_mode.go,
// commonShouldSampleLogic; what differs between spans and log records: tracesprocessor.go, logsprocessor.go. Threads:
// see the header.
#include "gateway/processors/probabilistic_sampler/probabilistic_sampler.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdio>

#include "gateway/processors/any_value.h"
#include "gateway/processors/probabilistic_sampler/sampling_threshold.h"
#include "wire/writer.h"

namespace nanospan::gateway {
namespace {

namespace otlp = wire::otlp;
using wire::WireType;

constexpr std::string_view kPriorityKey = "sampling.priority";
constexpr std::string_view kThresholdKey = "sampling.threshold";
constexpr std::string_view kRandomnessKey = "sampling.randomness";
constexpr std::array<std::string_view, 5> kPolicyNames = {"trace_id_hash", "trace_id_w3c", "sampling_randomness",
                                                          "sampling_priority", "missing_randomness"};
constexpr std::uint64_t kPassesAll = kNeverSample - 1;  // every threshold but kNeverSample

std::uint64_t fixed_threshold(const ProbabilisticSamplerConfig& config, double ratio) {
  if (config.percentage == 0) return kNeverSample;
  if (config.mode == SamplerMode::kHashSeed) return hash_threshold_of(config.percentage);
  return threshold_of(ratio, config.precision);
}

/// The threshold that the attribute sampling.priority of a span stands for, if it does.
std::optional<std::uint64_t> span_priority(wire::Reader attribute) {
  std::string_view key;
  double value = -1;  // neither 0 nor more: no priority
  while (attribute.next()) {
    if (attribute.is(otlp::KeyValue::kKey, WireType::kBytes)) key = attribute.bytes();
    if (!attribute.is(otlp::KeyValue::kValue, WireType::kBytes)) continue;
    const AnyScalar any = read_any(attribute.bytes());
    if (any.kind == AnyKind::kInt) value = static_cast<double>(any.number);
    if (any.kind == AnyKind::kDouble) value = any.real;
    if (any.kind != AnyKind::kString) continue;
    const auto [end, failed] = std::from_chars(any.text.data(), any.text.data() + any.text.size(), value);
    if (failed != std::errc() || end != any.text.data() + any.text.size()) value = -1;
  }
  if (key != kPriorityKey || !(value >= 0)) return std::nullopt;
  return value == 0 ? kNeverSample : kAlwaysSample;
}

/// The threshold of a log record's own percentage, where that is one.
std::optional<std::uint64_t> record_priority(std::string_view value, unsigned precision) {
  const AnyScalar any = read_any(value);
  const double percentage = any.kind == AnyKind::kInt      ? static_cast<double>(any.number)
                            : any.kind == AnyKind::kDouble ? any.real
                                                           : 0;
  const double probability = percentage / 100;
  if (!(probability >= kProbabilityMin && probability <= 1)) return std::nullopt;
  return threshold_of(probability, precision);
}

/// sampling.threshold and sampling.randomness of a log record; nothing if one is malformed.
std::optional<SamplingTraceState> state_of(const AttributeList& attributes) {
  SamplingTraceState state;
  const auto read = [&](std::string_view key, auto parse, std::optional<std::uint64_t>& out) {
    const AttributeList::Attribute* const found = attributes.find(key);
    const AnyScalar any = found == nullptr ? AnyScalar() : read_any(found->value);
    if (any.kind != AnyKind::kString || any.text.empty()) return true;
    const Result<std::uint64_t> number = parse(any.text);
    if (number) out = *number;
    return number.ok();
  };
  const bool well_formed =
      read(kThresholdKey, parse_threshold, state.threshold) && read(kRandomnessKey, parse_randomness, state.randomness);
  return well_formed ? std::optional(state) : std::nullopt;
}

}  // namespace

ProbabilisticSampler::ProbabilisticSampler(const ProbabilisticSamplerConfig& config, const std::string& name,
                                           Signal signal, Host& host, Consumer& next)
    : RewritingProcessor(name, signal, host, next),
      config_(config),
      signal_(signal),
      ratio_(static_cast<double>(std::min(config.percentage, 100.0F)) / 100),
      fixed_threshold_(fixed_threshold(config, ratio_)) {
  const bool is_logs = signal == Signal::kLogs;
  const std::string counter = "otelcol_processor_probabilistic_sampler_count_";
  for (std::size_t policy = 0; policy < kPolicies; ++policy) {
    if (policy == kAttributeHash && (!is_logs || config.from_attribute.empty())) continue;
    const std::string_view label =
        policy == kAttributeHash ? std::string_view(config.from_attribute) : kPolicyNames[policy];
    for (const bool sampled : {false, true}) {
      const Labels labels{{"processor", name}, {"policy", label}, {"sampled", sampled ? "true" : "false"}};
      const std::string help = std::string(is_logs ? "Log records" : "Spans") + " kept or left out, by policy.";
      Metric& count = host.metrics().counter(counter + (is_logs ? "logs_sampled" : "spans_processed"), help, labels);
      counts_[policy][sampled] = &count;
      if (is_logs) continue;
      // The Collector's name of it until 0.161, which it still shows.
      old_names_.push_back(host.metrics().observe_counter(counter + "traces_sampled", help, labels,
                                                          [&count] { return static_cast<double>(count.value()); }));
    }
  }
}

std::string ProbabilisticSampler::describe() const {
  std::array<char, 32> percentage{};
  std::snprintf(percentage.data(), percentage.size(), "%g %%", static_cast<double>(config_.percentage));
  return percentage.data();
}

/// One pass over a request.
class ProbabilisticSampler::Pass {
 public:
  Pass(const ProbabilisticSampler& sampler, RequestBuilder& builder) : sampler_(sampler), builder_(builder) {}

  void visit(const wire::Reader& at_item) {
    sampler_.signal_ == Signal::kLogs ? visit_record(at_item) : visit_span(at_item);
  }
  const Seen& seen() const { return seen_; }

 private:
  void visit_span(const wire::Reader& at_span) {
    Facts facts;
    const std::string_view trace_state = read_span(at_span.message(), facts);
    std::optional<SamplingTraceState> state = parse_sampling_trace_state(trace_state);
    if (!decide(facts, state)) return;
    if (!changed_) return builder_.add_item(at_span.raw_field());
    std::string out;
    wire::Appender to(out);
    to.bytes_field(otlp::Span::kTraceState, state->text());
    for (wire::Reader span = at_span.message(); span.next();) {
      if (!span.is(otlp::Span::kTraceState, WireType::kBytes)) to.raw(span.raw_field());
    }
    builder_.add_new_item(out);
  }

  std::string_view read_span(wire::Reader span, Facts& facts) const {
    std::string_view trace_state;
    while (span.next()) {
      if (span.type() != WireType::kBytes) continue;
      switch (span.field()) {
        case otlp::Span::kTraceId:
          sampler_.set_trace_id(facts, span.bytes());
          break;
        case otlp::Span::kTraceState:
          trace_state = span.bytes();
          break;
        case otlp::Span::kAttributes:
          // "0A 11 sampling.priority ...": keys come first in what encoders write, so most attributes cost one compare.
          if (span.bytes().size() > kPriorityKey.size() && !facts.priority &&
              (span.bytes()[0] != '\x0A' || span.bytes()[1] == static_cast<char>(kPriorityKey.size()))) {
            facts.priority = span_priority(span.message());
          }
          break;
        default:
          break;
      }
    }
    return trace_state;
  }

  void visit_record(const wire::Reader& at_record) {
    Facts facts;
    attributes_.clear();
    others_.clear();
    std::string_view trace_id;
    for (wire::Reader record = at_record.message(); record.next();) {
      if (record.is(otlp::LogRecord::kAttributes, WireType::kBytes)) {
        attributes_.add(record);
        continue;
      }
      if (record.is(otlp::LogRecord::kTraceId, WireType::kBytes)) trace_id = record.bytes();
      others_ += record.raw_field();
    }
    read_record(trace_id, facts);
    std::optional<SamplingTraceState> state = state_of(attributes_);
    if (!decide(facts, state)) return;
    if (!changed_) return builder_.add_item(at_record.raw_field());
    if (state->randomness) attributes_.set(kRandomnessKey, any_string(randomness_text(*state->randomness)));
    attributes_.set(kThresholdKey, any_string(threshold_text(*state->threshold)));
    attributes_.write(otlp::LogRecord::kAttributes, others_);
    builder_.add_new_item(others_);
  }

  void read_record(std::string_view trace_id, Facts& facts) const {
    const ProbabilisticSamplerConfig& config = sampler_.config_;
    const bool hashes = config.mode == SamplerMode::kHashSeed;
    if (!hashes || config.logs_by_trace_id) sampler_.set_trace_id(facts, trace_id);
    if (hashes && !facts.randomness && !config.from_attribute.empty()) {
      const AttributeList::Attribute* const source = attributes_.find(config.from_attribute);
      const AnyScalar any = source == nullptr ? AnyScalar() : read_any(source->value);
      const std::string bytes = any.kind == AnyKind::kBytes ? std::string(any.text) : any_text(any).value_or("");
      if (!bytes.empty()) facts = {hashed_randomness(bytes, config.hash_seed), kAttributeHash, {}};
    }
    if (config.sampling_priority.empty()) return;
    const AttributeList::Attribute* const priority = attributes_.find(config.sampling_priority);
    if (priority != nullptr) facts.priority = record_priority(priority->value, config.precision);
  }

  bool decide(const Facts& facts, std::optional<SamplingTraceState>& state) {
    const Decision decision = sampler_.decide(facts, state);
    ++seen_[decision.policy][decision.keep];
    changed_ = decision.state_changed;
    return decision.keep;
  }

  const ProbabilisticSampler& sampler_;
  RequestBuilder& builder_;
  Seen seen_{};
  bool changed_ = false;  // the state of the item that was decided last
  AttributeList attributes_;
  std::string others_;
};

RewritingProcessor::Rewritten ProbabilisticSampler::rewrite(const Batch& batch, net::ByteBlock& out,
                                                            SpanCounts& counts) {
  RequestBuilder builder;
  Pass pass(*this, builder);
  const bool written = rewrite_items(builder, batch.bytes(), pass, out, counts);
  for (std::size_t policy = 0; policy < kPolicies; ++policy) {
    for (const std::size_t sampled : {0U, 1U}) {
      if (const std::uint64_t seen = pass.seen()[policy][sampled]; seen != 0) counts_[policy][sampled]->add(seen);
    }
  }
  return written ? Rewritten::kChanged : Rewritten::kOutOfMemory;
}

void ProbabilisticSampler::set_trace_id(Facts& facts, std::string_view trace_id) const {
  if (trace_id.size() != otlp::kTraceIdBytes || trace_id.find_first_not_of('\0') == trace_id.npos) return;
  if (config_.mode == SamplerMode::kHashSeed) {
    facts.randomness = hashed_randomness(trace_id, config_.hash_seed);
    facts.policy = kTraceIdHash;
  } else {
    facts.randomness = trace_id_randomness(trace_id);
    facts.policy = kTraceIdW3c;
  }
}

std::uint64_t ProbabilisticSampler::threshold_for(const SamplingTraceState& state) const {
  if (config_.mode != SamplerMode::kProportional || !state.threshold || config_.percentage == 0)
    return fixed_threshold_;
  return threshold_of(probability_of(*state.threshold) * ratio_, config_.precision);
}

/// `state` is none where it is malformed; what it must become if the item is kept is put into it.
ProbabilisticSampler::Decision ProbabilisticSampler::decide(const Facts& facts,
                                                            std::optional<SamplingTraceState>& state) const {
  Decision decision{false, facts.policy, false};
  std::uint64_t randomness = facts.randomness.value_or(kPassesAll);
  bool failed = !state;
  if (fixed_threshold_ == kNeverSample) {
    decision.policy = kSamplingPriority;  // nothing else keeps an item
    randomness = kPassesAll;
    if (failed) state.emplace();  // what is malformed is written anew
  } else if (config_.mode == SamplerMode::kHashSeed) {
    if (state && (state->randomness || state->threshold)) {
      state.reset();  // Someone samples consistently before: its numbers are not those of this hash.
    } else if (state && (facts.randomness || signal_ == Signal::kTraces)) {
      state->randomness = randomness;
    }
    failed = !state || !facts.randomness;
  } else if (state && state->randomness) {
    decision.policy = kSamplingRandomness;
    randomness = *state->randomness;
  } else if (!state || !facts.randomness) {
    decision.policy = kMissingRandomness;
    randomness = kPassesAll;
    failed = true;
  }
  if (!failed && state->threshold && randomness < *state->threshold) {
    state->threshold.reset();  // It should not have been kept before: its threshold is not true.
    failed = true;
  }
  std::uint64_t threshold = failed ? (config_.fail_closed ? kNeverSample : kAlwaysSample) : threshold_for(*state);
  if (facts.priority) {
    decision.policy = kSamplingPriority;
    threshold = *facts.priority;
  }
  decision.keep = randomness >= threshold;
  // A threshold never falls: what was left out before cannot be brought back.
  if (decision.keep && state && (!state->threshold || *state->threshold <= threshold)) {
    state->threshold = threshold;
    decision.state_changed = true;
  }
  return decision;
}

}  // namespace nanospan::gateway

// LINK: nanospan_gateway
// What the gateway's processors make of any request that its receivers let in: valid again and counted right. Of spans
// and log records also: those that stay are those that came, in their order; fields and attributes that no action names
// are as they came; a sampler touches nothing but the tracestate of spans and the attributes of log records. Metrics
// are compared only when they are cut. And the tracestate that samplers read and write.
//
//   input: | signal: 1 (0 traces, 1 metrics, 2 logs, 3 a tracestate alone) | knob: 1 | request, or tracestate ... |
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "fuzz/flat_request.h"
#include "gateway/component/component.h"
#include "gateway/config/yaml.h"
#include "gateway/pipeline/request_splitter.h"
#include "gateway/processors/any_value.h"
#include "gateway/processors/attributes/attributes_processor_factory.h"
#include "gateway/processors/probabilistic_sampler/probabilistic_sampler_factory.h"
#include "gateway/processors/probabilistic_sampler/sampling_trace_state.h"
#include "gateway/processors/resource/resource_processor_factory.h"
#include "wire/validate.h"

namespace {

using namespace nanospan::gateway;
namespace otlp = nanospan::wire::otlp;
namespace wire = nanospan::wire;
using wire::WireType;

void check(bool holds) {
  if (!holds) __builtin_trap();
}

SpanCounts counts_of(std::string_view request, Signal signal) {
  const wire::WalkResult walked = wire::validate(info_of(signal).request, request);
  check(walked.ok());
  return {walked.counts.resources, walked.counts.scopes, walked.counts.items};
}

bool same(const SpanCounts& one, const SpanCounts& other) {
  return one.resources == other.resources && one.scopes == other.scopes && one.spans == other.spans;
}

// --- Cutting ---

void check_splitter(std::string_view request, Signal signal, std::uint64_t spans_max) {
  const nanospan::fuzz::FlatRequest whole = nanospan::fuzz::flatten(request, signal);
  std::vector<std::string> pieces;
  RequestSplitter splitter(request, signal);
  for (std::uint64_t left = whole.items.size(); left != 0;) {
    nanospan::net::ByteBlock piece;
    SpanCounts counts;
    check(splitter.take(spans_max, piece, counts));
    check(counts.spans != 0 && counts.spans <= left);
    check(counts.spans <= spans_max || whole.has_double_metric);
    check(same(counts, counts_of(piece.view(), signal)));
    left -= counts.spans;
    for (std::string& item : nanospan::fuzz::flatten(piece.view(), signal).items) pieces.push_back(std::move(item));
  }
  check(pieces == whole.items);
}

// --- Rewriting ---

/// What processors that pass on at once need: no loop.
class FuzzHost final : public Host {
 public:
  const std::vector<nanospan::net::EventLoop*>& loops() override { return loops_; }
  nanospan::net::EventLoop& shared_loop() override { __builtin_trap(); }
  nanospan::net::EventLoop& own_loop() override { __builtin_trap(); }
  nanospan::net::EventLoop& slow_loop() override { __builtin_trap(); }
  const nanospan::base::Clock& clock() override { return nanospan::base::system_clock(); }
  MemoryBudget& budget() override { return budget_; }
  std::uint64_t memory_bytes() const override { return 1u << 30; }
  MetricsRegistry& metrics() override { return metrics_; }
  Log& log() override { return log_; }
  Authenticators& authenticators() override { return authenticators_; }
  bool is_ready() const override { return true; }

 private:
  std::vector<nanospan::net::EventLoop*> loops_;
  MemoryBudget budget_{64U << 20};
  MetricsRegistry metrics_;
  Authenticators authenticators_;
  Log log_{nanospan::base::system_clock(), LogLevel::kInfo, [](std::string_view) {}};
};

/// One of the components, made once from its configuration, and what it passes on.
class Rewriter final : private Consumer {
 public:
  Rewriter(const ProcessorFactory& factory, std::string_view config, Signal signal = Signal::kTraces) {
    Diagnostics diagnostics("fuzz.yaml");
    const ConfigNode root = parse_yaml(config, diagnostics);
    MapReader reader(root, "fuzz", diagnostics);
    processor_ = factory.read({"fuzz", ""}, reader)(host_, signal, *this).value();
    check(diagnostics.errors().empty());
  }
  Rewriter(const Rewriter&) = delete;
  /// Empty if nothing is passed on.
  std::string operator()(std::string_view request, Signal signal) {
    passed_on_.clear();
    processor_->consume(std::make_shared<const Batch>(nanospan::net::ByteBlock::copy_of(request), std::nullopt,
                                                      counts_of(request, signal), BudgetCharge(), signal),
                        [](const Outcome& outcome) { check(outcome.kind == Outcome::Kind::kAccepted); });
    return passed_on_;
  }

 private:
  Room room_for(const Batch&) const override { return Room::kYes; }
  bool waits_for_result() const override { return false; }
  void consume(BatchRef batch, Completion done) override {
    check(same(batch->counts(), counts_of(batch->bytes(), batch->signal())));
    passed_on_ = batch->bytes();
    done(Outcome::accepted());
  }

  FuzzHost host_;
  std::unique_ptr<Processor> processor_;
  std::string passed_on_;
};

const std::string kActions = R"yaml(
  - {key: gone, action: delete}
  - {pattern: ^drop, action: delete}
  - {key: set, value: 7, action: upsert}
  - {key: new, from_attribute: old, action: insert}
  - {key: old, value: [a, {b: 1.5}], action: update}
  - {key: hashed, action: hash}
  - {key: url, pattern: "^(?P<scheme>[a-z]+)://(?P<host>[^/]*)", action: extract}
  - {key: int, action: convert, converted_type: int}
  - {key: real, action: convert, converted_type: double}
  - {key: text, action: convert, converted_type: string}
)yaml";
constexpr std::array<std::string_view, 10> kTouched{"gone",   "set",  "new", "old",  "hashed",
                                                    "scheme", "host", "int", "real", "text"};

/// The attributes of one span, log record or resource, as far as the actions must have left them alone. If `done`, also
/// checks that they did what they should.
class Kept {
 public:
  explicit Kept(bool done) : done_(done) {}
  void add(wire::Reader message, std::uint32_t field) {
    others_ += nanospan::fuzz::fields_but(message, std::array{field});
    while (message.next()) {
      if (message.is(field, WireType::kBytes)) add_attribute(message);
    }
  }
  std::string text() const {
    check(!done_ || is_set_);
    return others_ + "/" + attributes_ + "\n";
  }

 private:
  void add_attribute(const wire::Reader& at_attribute) {
    std::string_view key;
    std::string value;
    for (wire::Reader pair = at_attribute.message(); pair.next();) {
      if (pair.is(otlp::KeyValue::kKey, WireType::kBytes)) key = pair.bytes();
      if (pair.is(otlp::KeyValue::kValue, WireType::kBytes)) value += pair.bytes();
    }
    if (key.starts_with("drop") || key == "gone") return check(!done_);
    if (std::find(kTouched.begin(), kTouched.end(), key) == kTouched.end()) {
      attributes_ += at_attribute.raw_field();
    } else if (key == "set" && !std::exchange(is_set_, true)) {
      check(!done_ || value == any_int(7));
    }
  }

  const bool done_;
  bool is_set_ = false;
  std::string others_, attributes_;
};

/// Of spans or log records, whose attributes have this field number.
std::string kept_of_items(std::string_view request, std::uint32_t attributes, bool done) {
  std::string out;
  nanospan::fuzz::for_each_item(request, [&](const std::string& above, const wire::Reader& at_item) {
    Kept item(done);
    item.add(at_item.message(), attributes);
    out += above + item.text();
  });
  return out;
}

std::string kept_of_resources(std::string_view request, bool done) {
  std::string out;
  for (wire::Reader top(request); top.next();) {
    if (!top.is(otlp::ExportTraceServiceRequest::kResourceSpans, WireType::kBytes)) continue;
    Kept kept(done);
    for (wire::Reader fields = top.message(); fields.next();) {
      if (fields.is(otlp::ResourceSpans::kResource, WireType::kBytes))
        kept.add(fields.message(), otlp::Resource::kAttributes);
    }
    out += kept.text() + nanospan::fuzz::fields_but(top.message(), std::array{otlp::ResourceSpans::kResource});
  }
  return out;
}

void check_rewriters(std::string_view request, Signal signal) {
  static Rewriter resource(resource_processor_factory(), "attributes:" + kActions);
  static Rewriter attributes(attributes_processor_factory(), "actions:" + kActions);
  if (const std::string out = resource(request, signal); !out.empty()) {
    check(kept_of_resources(out, true) == kept_of_resources(request, false));
  }
  const std::string out = attributes(request, signal);
  if (signal == Signal::kMetrics) return;  // points: valid and counted right, see Rewriter
  const std::uint32_t field = signal == Signal::kLogs ? otlp::LogRecord::kAttributes : otlp::Span::kAttributes;
  check(kept_of_items(out, field, true) == kept_of_items(request, field, false));
}

// --- Sampling ---

/// REQUIRES: what the sampler writes, from what it read.
void check_update(const SamplingTraceState& before, std::string_view written) {
  const auto after = parse_sampling_trace_state(written);
  check(after.has_value());
  check(!before.randomness || after->randomness == before.randomness);
  // Only what no longer fits is left out, from the end.
  const auto begins = [](const auto& whole, const auto& part) {
    return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
  };
  check(begins(before.others, after->others) && begins(before.other_ot, after->other_ot));
}

void check_trace_state(std::string_view text, std::uint8_t knob) {
  const auto before = parse_sampling_trace_state(text);
  if (!before) return;
  SamplingTraceState changed = *before;
  check_update(*before, changed.text());
  changed.threshold = std::max(changed.threshold.value_or(0), std::uint64_t{knob} << 48 | 0x123456789ab);
  if ((knob & 1) != 0) changed.randomness = changed.randomness.value_or(std::uint64_t{knob} << 40);
  check_update(*before, changed.text());
  const auto after = parse_sampling_trace_state(changed.text());
  check(after->threshold == changed.threshold && after->randomness == changed.randomness);
}

struct SampledSpan {
  std::string rest;  // all but its tracestate
  std::string state;
};

std::vector<SampledSpan> sampled_spans(std::string_view request) {
  std::vector<SampledSpan> out;
  nanospan::fuzz::for_each_item(request, [&](const std::string& above, const wire::Reader& at_span) {
    SampledSpan& span = out.emplace_back();
    span.rest = above + nanospan::fuzz::fields_but(at_span.message(), std::array{otlp::Span::kTraceState});
    for (wire::Reader fields = at_span.message(); fields.next();) {
      if (fields.is(otlp::Span::kTraceState, WireType::kBytes)) span.state = fields.bytes();
    }
  });
  return out;
}

void check_sampler(std::string_view request, std::uint8_t knob) {
  static const std::string kKeep = "sampling_percentage: 40\nfail_closed: false\nmode: ";
  static std::array<Rewriter, 3> samplers{Rewriter(probabilistic_sampler_factory(), kKeep + "proportional"),
                                          Rewriter(probabilistic_sampler_factory(), kKeep + "equalizing"),
                                          Rewriter(probabilistic_sampler_factory(), kKeep + "hash_seed")};
  const std::vector<SampledSpan> all = sampled_spans(request);
  auto from = all.begin();
  for (const SampledSpan& kept : sampled_spans(samplers[knob % samplers.size()](request, Signal::kTraces))) {
    // One of those that came, in their order.
    from = std::find_if(from, all.end(), [&](const SampledSpan& span) {
      if (span.rest != kept.rest) return false;
      const auto state = parse_sampling_trace_state(span.state);
      if (state) check_update(*state, kept.state);
      return state || kept.state == span.state;
    });
    check(from != all.end());
    ++from;
  }
}

/// Each with the headers above it.
std::vector<std::string> records_but_attributes(std::string_view request) {
  std::vector<std::string> out;
  nanospan::fuzz::for_each_item(request, [&](const std::string& above, const wire::Reader& at_record) {
    out.push_back(above + nanospan::fuzz::fields_but(at_record.message(), std::array{otlp::LogRecord::kAttributes}));
  });
  return out;
}

void check_log_sampler(std::string_view request, std::uint8_t knob) {
  static const std::string kKeep = "sampling_percentage: 40\nfrom_attribute: old\nsampling_priority: int\nmode: ";
  static std::array<Rewriter, 2> samplers{
      Rewriter(probabilistic_sampler_factory(), kKeep + "proportional", Signal::kLogs),
      Rewriter(probabilistic_sampler_factory(), kKeep + "hash_seed", Signal::kLogs)};
  const std::vector<std::string> all = records_but_attributes(request);
  auto from = all.begin();
  for (const std::string& kept : records_but_attributes(samplers[knob % samplers.size()](request, Signal::kLogs))) {
    from = std::find(from, all.end(), kept);  // one of those that came, in their order
    check(from != all.end());
    ++from;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint8_t knob = data[1];
  const std::string_view rest(reinterpret_cast<const char*>(data + 2), size - 2);
  const unsigned kind = data[0] % 4;
  if (kind == 3) {
    check_trace_state(rest, knob);
    return 0;
  }
  const Signal signal = kSignals[kind];
  if (!wire::validate(info_of(signal).request, rest).ok()) return 0;
  check_splitter(rest, signal, 1 + knob % 5);
  check_rewriters(rest, signal);
  if (signal == Signal::kTraces) check_sampler(rest, knob);
  if (signal == Signal::kLogs) check_log_sampler(rest, knob);
  return 0;
}

// What a person sees of a batch. One thread: the exporter's own.
#include "gateway/exporters/debug/debug_sender.h"

#include "gateway/config/units.h"
#include "gateway/telemetry/printable.h"
#include "wire/json_text.h"
#include "wire/otlp_fields.h"
#include "wire/otlp_json_out.h"
#include "wire/reader.h"

namespace nanospan::gateway {
namespace {

namespace otlp = wire::otlp;
using wire::WireType;

/// "    checkout  trace 5b8e...  span eee1...  1.5ms  error"
void append_span(wire::Reader span, std::string& out) {
  std::string_view name, trace_id, span_id;
  std::uint64_t start = 0, end = 0, status = 0;
  while (span.next()) {
    if (span.is(otlp::Span::kName, WireType::kBytes)) name = span.bytes();
    if (span.is(otlp::Span::kTraceId, WireType::kBytes)) trace_id = span.bytes();
    if (span.is(otlp::Span::kSpanId, WireType::kBytes)) span_id = span.bytes();
    if (span.is(otlp::Span::kStartTimeUnixNano, WireType::kFixed64)) start = span.fixed64();
    if (span.is(otlp::Span::kEndTimeUnixNano, WireType::kFixed64)) end = span.fixed64();
    if (!span.is(otlp::Span::kStatus, WireType::kBytes)) continue;
    for (wire::Reader inner = span.message(); inner.next();) {
      if (inner.is(otlp::SpanStatus::kCode, WireType::kVarint)) status = inner.varint();
    }
  }
  out += "    " + printable(name) + "  trace ";
  wire::append_hex(trace_id, out);
  out += "  span ";
  wire::append_hex(span_id, out);
  out += "  " + format_duration(end > start ? end - start : 0);
  if (status == static_cast<std::uint64_t>(otlp::StatusCode::kError)) out += "  error";
  out += '\n';
}

template <class Visit>
void for_each_message(wire::Reader parent, std::uint32_t field, Visit visit) {
  while (parent.next()) {
    if (parent.is(field, WireType::kBytes)) visit(parent.message());
  }
}

}  // namespace

DebugSender::DebugSender(const DebugExporterConfig& config, const std::string& exporter, const base::Clock& clock,
                         MetricsRegistry& metrics, Log& log)
    : config_(config),
      subject_("exporter " + exporter),
      clock_(clock),
      log_(log),
      hidden_(metrics.counter("nanospan_debug_hidden_requests",
                              "Requests that were not shown: sampling, or too much for a person.",
                              {{"exporter", exporter}})) {}

bool DebugSender::is_sampled() {
  const base::MonotonicNanos now = clock_.monotonic_now();
  if (now - second_began_ >= base::kNanosPerSecond) {
    second_began_ = now;
    in_second_ = 0;
    bytes_in_second_ = 0;
  }
  ++in_second_;
  if (bytes_in_second_ >= kBytesASecondMax) return false;
  if (in_second_ <= config_.sampling_initial) return true;
  return config_.sampling_thereafter != 0 && (in_second_ - config_.sampling_initial) % config_.sampling_thereafter == 0;
}

std::string DebugSender::render(const Batch& batch) const {
  std::string out;
  if (config_.verbosity == Verbosity::kNormal) {
    for_each_message(
        wire::Reader(batch.bytes()), otlp::ExportTraceServiceRequest::kResourceSpans, [&](wire::Reader resource) {
          for_each_message(resource, otlp::ResourceSpans::kScopeSpans, [&](wire::Reader scope) {
            for_each_message(scope, otlp::ScopeSpans::kSpans, [&](wire::Reader span) { append_span(span, out); });
          });
        });
  }
  if (config_.verbosity == Verbosity::kDetailed && wire::append_traces_json(batch.bytes(), out)) out += '\n';
  return out;
}

void DebugSender::send(BatchRef batch, base::Deadline, Done done) {
  if (is_sampled()) {
    const SpanCounts& counts = batch->counts();
    std::string line = "traces: " + std::to_string(counts.spans) + " spans, " + std::to_string(counts.scopes) +
                       " scopes, " + std::to_string(counts.resources) + " resources, " +
                       format_byte_size(batch->bytes().size());
    if (hidden_since_shown_ != 0)
      line += "  (" + std::to_string(hidden_since_shown_) + " requests before it not shown)";
    hidden_since_shown_ = 0;
    const std::string details = render(*batch);
    log_.info(subject_, line);
    if (!details.empty()) log_.raw(details);
    bytes_in_second_ += line.size() + details.size();
  } else {
    ++hidden_since_shown_;
    hidden_.add(1);
  }
  done({});
}

}  // namespace nanospan::gateway

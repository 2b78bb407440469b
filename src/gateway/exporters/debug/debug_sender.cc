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

/// "    http.server.duration  {s}": what a person looks for.
void append_metric(wire::Reader metric, std::string& out) {
  std::string_view name, unit;
  std::uint64_t points = 0;
  while (metric.next()) {
    if (metric.is(otlp::Metric::kName, WireType::kBytes)) name = metric.bytes();
    if (metric.is(otlp::Metric::kUnit, WireType::kBytes)) unit = metric.bytes();
    if (metric.field() < otlp::Metric::kGauge || metric.field() > otlp::Metric::kSummary) continue;
    if (metric.type() != WireType::kBytes) continue;
    for (wire::Reader data = metric.message(); data.next();) {
      if (data.is(otlp::MetricData::kDataPoints, WireType::kBytes)) ++points;
    }
  }
  out += "    " + printable(name) + (unit.empty() ? "" : "  " + printable(unit)) + "  " + std::to_string(points) +
         " data points\n";
}

/// "    ERROR  it broke"; a body that is not text is left to verbosity: detailed.
void append_log_record(wire::Reader record, std::string& out) {
  std::string_view severity, body;
  while (record.next()) {
    if (record.is(otlp::LogRecord::kSeverityText, WireType::kBytes)) severity = record.bytes();
    if (!record.is(otlp::LogRecord::kBody, WireType::kBytes)) continue;
    for (wire::Reader value = record.message(); value.next();) {
      if (value.is(otlp::AnyValue::kStringValue, WireType::kBytes)) body = value.bytes();
    }
  }
  out += "    " + printable(severity) + "  " + printable(body) + '\n';
}

void append_item(Signal signal, wire::Reader item, std::string& out) {
  switch (signal) {
    case Signal::kTraces:
      return append_span(item, out);
    case Signal::kMetrics:
      return append_metric(item, out);
    case Signal::kLogs:
      return append_log_record(item, out);
    case Signal::kProfiles:
      break;
  }
}

// Requests of all signals have the same shape down to their items.
static_assert(otlp::ResourceSpans::kScopeSpans == otlp::ResourceMetrics::kScopeMetrics &&
              otlp::ResourceSpans::kScopeSpans == otlp::ResourceLogs::kScopeLogs &&
              otlp::ScopeSpans::kSpans == otlp::ScopeMetrics::kMetrics &&
              otlp::ScopeSpans::kSpans == otlp::ScopeLogs::kLogRecords);

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
  const SignalInfo& info = info_of(batch.signal());
  std::string out;
  if (config_.verbosity == Verbosity::kNormal) {
    for_each_message(wire::Reader(batch.bytes()), otlp::ExportTraceServiceRequest::kResourceSpans,
                     [&](wire::Reader resource) {
                       for_each_message(resource, otlp::ResourceSpans::kScopeSpans, [&](wire::Reader scope) {
                         for_each_message(scope, otlp::ScopeSpans::kSpans,
                                          [&](wire::Reader item) { append_item(batch.signal(), item, out); });
                       });
                     });
  }
  if (config_.verbosity == Verbosity::kDetailed && info.has_json && wire::append_json(info.request, batch.bytes(), out))
    out += '\n';
  return out;
}

void DebugSender::send(BatchRef batch, base::Deadline, Done done) {
  if (is_sampled()) {
    const SpanCounts& counts = batch->counts();
    const SignalInfo& info = info_of(batch->signal());
    std::string line = std::string(info.name) + ": " + std::to_string(counts.spans) + " " + std::string(info.items) +
                       ", " + std::to_string(counts.scopes) + " scopes, " + std::to_string(counts.resources) +
                       " resources, " + format_byte_size(batch->bytes().size());
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

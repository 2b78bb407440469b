// The text of a batch is put together first and written at once, so that lines of others do not cut it. Threads: see
// the header.
#include "export/console/console_exporter.h"

#include <unistd.h>

#include <memory>
#include <string_view>
#include <system_error>

#include "base/time.h"
#include "export/output/write_fully.h"
#include "export/text/printable.h"
#include "sdk/diagnostics.h"
#include "wire/json_text.h"

namespace nanospan::exporters {
namespace {

constexpr std::size_t kTextMax = 4096;  // code points of one name or value

std::string_view kind_name(SpanKind kind) {
  switch (kind) {
    case SpanKind::kInternal:
      return "internal";
    case SpanKind::kServer:
      return "server";
    case SpanKind::kClient:
      return "client";
    case SpanKind::kProducer:
      return "producer";
    case SpanKind::kConsumer:
      return "consumer";
  }
  return "unspecified";
}

/// "12.345 ms", with a sign if `to` is before `from`, as times of the user may be.
void append_milliseconds(std::uint64_t from, std::uint64_t to, std::string& out) {
  if (to < from) out += '-';
  const std::uint64_t micros = (to < from ? from - to : to - from) / base::kNanosPerMicro;
  wire::append_decimal(micros / 1000, out);
  const std::string thousandths = std::to_string(1000 + micros % 1000);
  out += "." + thousandths.substr(1) + " ms";
}

void append_value(const ValueView& value, std::string& out) {
  const bool quote = value.type() == AttributeValue::Type::kString;
  if (quote) out += '"';
  append_printable(value.to_text(), kTextMax, out);
  if (quote) out += '"';
}

void append_attributes(const AttributesView& attributes, std::string_view before, std::string& out) {
  for (const AttributeView& attribute : attributes) {
    out += before;
    append_printable(attribute.key, kTextMax, out);
    out += " = ";
    append_value(attribute.value, out);
  }
}

void append_dropped(std::string_view what, std::uint32_t count, std::string& out) {
  if (count == 0) return;
  out += "\n  dropped " + std::string(what) + ": ";
  wire::append_decimal(std::uint64_t{count}, out);
}

void append_head(const SpanView& span, std::string& out) {
  out += "span ";
  append_printable(span.name(), kTextMax, out);
  out += "  ";
  out += kind_name(span.kind());
  out += "  ";
  append_milliseconds(span.start_unix_nanos(), span.end_unix_nanos(), out);
  out += "  trace ";
  out += span.context().trace_id().to_hex();
  out += "  span ";
  out += span.context().span_id().to_hex();
  if (span.parent().is_valid()) {
    out += "  parent ";
    out += span.parent().span_id().to_hex();
  }
  if (!span.scope().name.empty()) {
    out += "  scope ";
    append_printable(span.scope().name, kTextMax, out);
  }
}

void append_status(const SpanView& span, std::string& out) {
  if (span.status() == StatusCode::kUnset) return;
  out += span.status() == StatusCode::kOk ? "\n  status ok" : "\n  status error";
  if (span.status_description().empty()) return;
  out += ": ";
  append_printable(span.status_description(), kTextMax, out);
}

}  // namespace

void append_console_lines(const SpanView& span, std::string& out) {
  append_head(span, out);
  append_status(span, out);
  append_attributes(span.attributes(), "\n  ", out);
  span.for_each_event([&](const EventView& event) {
    out += "\n  event +";
    append_milliseconds(span.start_unix_nanos(), event.unix_nanos, out);
    out += "  ";
    append_printable(event.name, kTextMax, out);
    append_attributes(event.attributes, "  ", out);
  });
  span.for_each_link([&](const LinkView& link) {
    out += "\n  link  trace ";
    out += link.context.trace_id().to_hex();
    out += "  span ";
    out += link.context.span_id().to_hex();
    append_attributes(link.attributes, "  ", out);
  });
  append_dropped("attributes", span.dropped_attributes_count(), out);
  append_dropped("events", span.dropped_events_count(), out);
  append_dropped("links", span.dropped_links_count(), out);
  out += '\n';
}

ExportResult ConsoleExporter::export_spans(const SpanBatch& batch) {
  std::string text;
  batch.for_each([&text](const SpanView& span) { append_console_lines(span, text); });
  const WriteResult written = write_fully(fd_, text);
  if (written.error == 0) return {};
  sdk::report("console", "write", "standard output: " + std::generic_category().message(written.error));
  return ExportResult::failed();
}

}  // namespace nanospan::exporters

namespace nanospan {
inline namespace v0 {

std::unique_ptr<SpanExporter> console_exporter() { return std::make_unique<exporters::ConsoleExporter>(STDOUT_FILENO); }

}  // namespace v0
}  // namespace nanospan

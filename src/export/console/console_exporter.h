// ConsoleExporter: spans as lines for people, on standard output. Source: trace/sdk_exporters/stdout.md.
//
//   span checkout  internal  12.345 ms  trace 4bf92f3577b34da6a3ce929d0e0e4736  span 00f067aa0ba902b7  scope shop
//     order.items = 3
//     event +1.200 ms  cache miss  key = "a"
// The form is for reading and may change; use the file exporter for programs. One write a batch, so that lines of
// threads do not mix. Thread-safe.
#pragma once

#include <string>

#include <nanospan/exporters.h>

#include "sdk/pipeline/async_exporter.h"

namespace nanospan::exporters {

/// Appends the lines of one span.
void append_console_lines(const SpanView& span, std::string& out);

class ConsoleExporter final : public SpanExporter, public sdk::SaysLosses {
 public:
  explicit ConsoleExporter(int fd) : fd_(fd) {}
  ExportResult export_spans(const SpanBatch& batch) override;

 private:
  const int fd_;
};

}  // namespace nanospan::exporters

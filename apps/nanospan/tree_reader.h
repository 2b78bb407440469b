// Reads one trace out of a file of OTLP/JSON lines, as the gateway's file exporter writes them.
//
// Two passes over the last kTailBytesMax bytes of the file: the first keeps only ids and chooses the trace, the second
// keeps the spans of that trace. Lines that are not OTLP/JSON are counted and skipped: the last one may be half
// written. Uses simdjson. One thread; the results own their text.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace nanospan::app {

struct TreeSpan {
  std::string span_id;
  std::string parent_id;  ///< "" = the root.
  bool parent_is_remote = false;
  std::string name;
  std::string service;
  int kind = 0;         ///< As in OTLP: 1 internal ... 5 consumer.
  int status_code = 0;  ///< As in OTLP: 2 = error.
  std::string status_message;
  std::uint64_t start_unix_nanos = 0;
  std::uint64_t end_unix_nanos = 0;
  std::vector<std::pair<std::string, std::string>> attributes;  ///< Values as text.
  std::vector<std::string> events;                              ///< Names.
};

struct TraceTree {
  std::string trace_id;
  std::vector<TreeSpan> spans;     ///< Parents before their children, by start time otherwise; see depth.
  std::vector<std::size_t> depth;  ///< Of each span; 0 = a root.
  std::size_t orphans = 0;         ///< Spans whose parent is of this process and yet not in the file.
  std::size_t skipped_lines = 0;
};

/// The trace whose id begins with `trace_id`; with "", the largest of the complete traces, and of equals the latest.
/// Complete: one root, and every other span's parent is there. kNotFound if there is none.
Result<TraceTree> read_trace(const std::string& path, const std::string& trace_id);

}  // namespace nanospan::app

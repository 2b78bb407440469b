// What the options and results of the kinds of `nanospan load` have in common.
#pragma once

#include <string>
#include <string_view>

#include "apps/nanospan/command.h"
#include "base/result.h"
#include "load/latency_histogram.h"

namespace nanospan::app {

inline constexpr double kLoadConnectionsMax = 10'000;

/// The value of a numeric option, or `otherwise`; the error names the range.
Result<double> load_number(const Arguments& arguments, std::string_view option, double otherwise, double low,
                           double high);
Result<int> load_pid(const std::string& text);
/// The same text, if it can stand in JSON as it is.
Result<std::string> load_label(std::string text);
/// --format json, or --json; the error names the formats.
Result<bool> load_as_json(const Arguments& arguments);
double millis_of(const load::LatencyHistogram& latency, double share);
/// CPU time that a process has used so far, user and system, in seconds; kNotFound if there is no such process.
Result<double> cpu_seconds_of(int pid);

}  // namespace nanospan::app

// The kinds of `nanospan load`, and what their options have in common.
#pragma once

#include <string>
#include <string_view>

#include "apps/nanospan/command.h"
#include "apps/nanospan/load_histogram.h"
#include "base/result.h"

namespace nanospan::app {

inline constexpr double kLoadConnectionsMax = 10'000;

int load_http(const Arguments& arguments);
int load_otlp(const Arguments& arguments);

/// The value of a numeric option, or `otherwise`; the error names the range.
Result<double> load_number(const Arguments& arguments, std::string_view option, double otherwise, double low,
                           double high);
Result<int> load_pid(const std::string& text);
/// The same text, if it can stand in JSON as it is.
Result<std::string> load_label(std::string text);
/// --format json, or --json.
bool load_as_json(const Arguments& arguments);
double millis_of(const LatencyHistogram& latency, double share);

}  // namespace nanospan::app

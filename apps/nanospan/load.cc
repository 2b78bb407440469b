// What the kinds of `nanospan load` share.
#include <charconv>
#include <cstdio>
#include <ctime>

#include "apps/nanospan/load_command.h"

namespace nanospan::app {

Result<double> load_number(const Arguments& arguments, std::string_view option, double otherwise, double low,
                           double high) {
  const std::optional<std::string> text = arguments.value(option);
  if (!text) return otherwise;
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || !(value >= low && value <= high)) {
    char range[64];
    std::snprintf(range, sizeof range, "%.10g to %.10g", low, high);
    return Error{ErrorCode::kInvalidArgument, std::string(option) + " is \"" + *text + "\"; it must be " + range};
  }
  return value;
}

Result<int> load_pid(const std::string& text) {
  int pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error == std::errc() && end == text.data() + text.size() && pid > 0) return pid;
  return Error{ErrorCode::kInvalidArgument, "--pid is \"" + text + "\"; it must be a process number"};
}

Result<std::string> load_label(std::string text) {
  if (text.find_first_of("\"\\\n") == std::string::npos) return text;
  return Error{ErrorCode::kInvalidArgument, "--label must be without quotes, backslashes and line breaks"};
}

Result<bool> load_as_json(const Arguments& arguments) {
  const std::string format = arguments.value("--format").value_or(arguments.has("--json") ? "json" : "text");
  if (format == "text" || format == "json") return format == "json";
  return Error{ErrorCode::kInvalidArgument, "--format is \"" + format + "\"; it must be text or json"};
}

double millis_of(const load::LatencyHistogram& latency, double share) {
  return static_cast<double>(latency.quantile(share)) * 1e-6;
}

Result<double> cpu_seconds_of(int pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
    return Error{ErrorCode::kNotFound, "there is no process " + std::to_string(pid) + " whose CPU time can be read"};
  }
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace nanospan::app

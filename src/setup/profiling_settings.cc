// What the program has set goes before the variables; a wrong one is said and left out. Pure.
#include "setup/profiling_settings.h"

#include <string>
#include <utility>

#include "export/otlp/otlp_delivery.h"
#include "export/otlp_http/otlp_http_config.h"
#include "setup/key_values.h"

namespace nanospan::setup {
namespace {

/// What is on by default and may be switched off.
bool is_on(const Environment& environment, const char* name) {
  return environment.choice<bool>(name, {{"true", true}, {"false", false}}).value_or(true);
}

/// How long profiles are and how often they are taken. Each may be right and the two of them wrong: then the
/// program's own are left.
void read_seconds(ProfilingOptions& program, const Environment& environment) {
  constexpr std::uint64_t kSecondsMax = 86'400;
  constexpr const char* kSeconds = "NANOSPAN_PROFILING_SECONDS";
  constexpr const char* kEvery = "NANOSPAN_PROFILING_EVERY_SECONDS";
  const ProfilingOptions defaults;
  const auto read = [&](const char* name, std::uint32_t otherwise, std::uint32_t given) {
    if (given != otherwise) return given;
    return static_cast<std::uint32_t>(environment.number(name, {1, kSecondsMax}).value_or(given));
  };
  const std::uint32_t seconds = read(kSeconds, defaults.profile_seconds, program.profile_seconds);
  const std::uint32_t every = read(kEvery, defaults.every_seconds, program.every_seconds);
  const bool from_environment = seconds != program.profile_seconds || every != program.every_seconds;
  if (from_environment && seconds > every) {
    const bool by_seconds = seconds != program.profile_seconds;
    environment.warn(by_seconds ? kSeconds : kEvery,
                     std::to_string(seconds) + " s of every " + std::to_string(every) + " s cannot be recorded; set " +
                         (by_seconds ? std::string(kEvery) + " to " + std::to_string(seconds) + " or more"
                                     : std::string(kSeconds) + " to " + std::to_string(every) + " or less") +
                         ", too; it is ignored");
    return;
  }
  program.profile_seconds = seconds;
  program.every_seconds = every;
}

/// By the rules of the OTLP exporters.
void read_proxy(ProfilingOptions& program, const Environment& environment) {
  if (program.push_url.empty() || program.push_proxy) return;
  const auto chosen =
      exporters::choose_proxy([&](const char* name) { return environment.text(name); }, program.push_url, false);
  if (chosen.url.empty()) return;
  OtlpHttpOptions same;
  same.proxy = chosen.url;
  if (const auto checked = exporters::validate(same); checked) {
    program.push_proxy = chosen.url;
  } else {
    environment.warn(chosen.variable, checked.error().message + "; it is ignored");
  }
}

/// Where profiles go that nobody asks for, and how often.
void read_recorder(ProfilingOptions& program, const Environment& environment) {
  const ProfilingOptions defaults;
  const auto read_text = [&](const char* name, std::string& value) {
    if (value.empty()) value = environment.text(name).value_or("");
  };
  read_text("NANOSPAN_PROFILING_DIRECTORY", program.directory);
  if (program.directory_bytes_max == defaults.directory_bytes_max) {
    program.directory_bytes_max =
        environment.number("NANOSPAN_PROFILING_DIRECTORY_BYTES_MAX", {1, std::uint64_t{1} << 50})
            .value_or(defaults.directory_bytes_max);
  }
  read_text("NANOSPAN_PROFILING_PUSH_URL", program.push_url);
  if (program.push_protocol == defaults.push_protocol) {
    program.push_protocol =
        environment
            .choice<ProfilePushProtocol>("NANOSPAN_PROFILING_PUSH_PROTOCOL",
                                         {{"pyroscope", ProfilePushProtocol::kPyroscope},
                                          {"otlp_development", ProfilePushProtocol::kOtlpDevelopment}})
            .value_or(defaults.push_protocol);
  }
  read_proxy(program, environment);
  read_seconds(program, environment);
  constexpr const char* kPushHeaders = "NANOSPAN_PROFILING_PUSH_HEADERS";
  const auto headers = environment.text(kPushHeaders);
  if (!program.push_headers.empty() || !headers) return;
  if (Result<KeyValues> parsed = parse_key_values(*headers)) {
    program.push_headers = std::move(parsed).value();
  } else {
    environment.warn(kPushHeaders, parsed.error().message + "; all of it is ignored");
  }
}

}  // namespace

ProfilingOptions read_profiling_settings(ProfilingOptions program, const Environment& environment) {
  const ProfilingOptions defaults;
  if (!program.enabled) program.enabled = environment.boolean("NANOSPAN_PROFILING");
  if (!program.enabled) return program;
  if (program.host.empty()) program.host = environment.text("NANOSPAN_PROFILING_HOST").value_or("");
  if (program.token.empty()) program.token = environment.text("NANOSPAN_PROFILING_TOKEN").value_or("");
  if (program.port == defaults.port) {
    program.port =
        static_cast<std::uint16_t>(environment.number("NANOSPAN_PROFILING_PORT", {0, 65535}).value_or(defaults.port));
  }
  if (program.hz == defaults.hz) {
    program.hz =
        static_cast<std::uint32_t>(environment.number("NANOSPAN_PROFILING_HZ", {1, 1000}).value_or(defaults.hz));
  }
  if (program.heap_interval_bytes == defaults.heap_interval_bytes) {
    program.heap_interval_bytes = static_cast<std::size_t>(
        environment.number("NANOSPAN_PROFILING_HEAP_INTERVAL_BYTES", {0, std::uint64_t{1} << 40})
            .value_or(defaults.heap_interval_bytes));
  }
  program.continuous = program.continuous && is_on(environment, "NANOSPAN_PROFILING_CONTINUOUS");
  if (program.history_bytes_max == defaults.history_bytes_max) {
    program.history_bytes_max = static_cast<std::size_t>(
        environment.number("NANOSPAN_PROFILING_HISTORY_BYTES_MAX", {64 << 10, std::uint64_t{1} << 40})
            .value_or(defaults.history_bytes_max));
  }
  program.locks = program.locks && is_on(environment, "NANOSPAN_PROFILING_LOCKS");
  read_recorder(program, environment);
  return program;
}

}  // namespace nanospan::setup

#include "setup/profiling_settings.h"

#include <utility>

#include "setup/key_values.h"

namespace nanospan::setup {
namespace {

/// Where profiles go that nobody asks for, and how often.
void read_recorder(ProfilingOptions& program, const Environment& environment) {
  const ProfilingOptions defaults;
  const auto read_text = [&](const char* name, std::string& value) {
    if (value.empty()) value = environment.text(name).value_or("");
  };
  const auto read_number = [&](const char* name, Range range, auto& value, auto otherwise) {
    if (value == otherwise) value = static_cast<decltype(otherwise)>(environment.number(name, range).value_or(value));
  };
  constexpr std::uint64_t kSecondsMax = 86'400;
  read_text("NANOSPAN_PROFILING_DIRECTORY", program.directory);
  read_number("NANOSPAN_PROFILING_DIRECTORY_BYTES_MAX", {1, std::uint64_t{1} << 50}, program.directory_bytes_max,
              defaults.directory_bytes_max);
  read_text("NANOSPAN_PROFILING_PUSH_URL", program.push_url);
  read_number("NANOSPAN_PROFILING_SECONDS", {1, kSecondsMax}, program.profile_seconds, defaults.profile_seconds);
  read_number("NANOSPAN_PROFILING_EVERY_SECONDS", {1, kSecondsMax}, program.every_seconds, defaults.every_seconds);
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
  read_recorder(program, environment);
  return program;
}

}  // namespace nanospan::setup

#include "setup/profiling_settings.h"

namespace nanospan::setup {

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
  return program;
}

}  // namespace nanospan::setup
